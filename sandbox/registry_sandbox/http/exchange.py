"""One exchange as plain values: what came, what was learnt of it on the way, and what is answered.

Nothing here knows a socket, so that every step of the house can be tried with a value in hand.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.http.errors import SandboxError

Format = Literal["json", "xml"]
"""One of the two formats of the interface; its media type is `representation.MEDIA_TYPE`."""

Resource = dict[str, Any]
"""A resource in FHIR's JSON shape, whichever format it came in."""


With = TypeVar("With")
"""What an interaction works with: `registrar.RegistryService`."""

Write = Callable[[Resource, Format], bytes]
"""Encodes a resource; `validation.reading.Codec.write` is the one."""


class Representable(Protocol):
    """Something that can be sent in either format; what is `large` is encoded off the event loop."""

    @property
    def large(self) -> bool:
        """Whether it takes long to encode."""
        ...

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Give the bytes of this resource in the wanted format; `write` encodes what is not encoded yet."""
        ...


@dataclass(frozen=True, slots=True)
class GeneratedContent:
    """A resource made for this answer."""

    resource: Resource
    large: bool = False

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Give the bytes of the resource."""
        return write(self.resource, wanted)


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls, as the token says: `name` is the appid (or the requesting system), `may_write` what it is let do."""

    name: str
    may_write: bool


NOBODY = Client("", may_write=True)
"""The caller where no tokens are judged, or none is needed."""


Body = Literal["none", "resource", "form"]
"""What a request of an interaction carries."""


def _learnt(default: Any) -> Any:
    """Declare what is not known at first; it costs no request anything that nobody learns it of."""
    return field(default=default, init=False)


@dataclass
class Request:
    """A request, and what the steps before the interaction learnt of it.

    `path` is as on the request line, percent-encoded, without the query; `query` is what followed `?`. `body` has its
    content-coding undone; where that failed, or the body was too large, `body_error` says so and the step whose turn
    it is raises it. `base` is the absolute FHIR base that URLs in the answer begin with. `certificate_subject` is the
    client certificate's, under mutual TLS. `called_as` is the base by the name that the request itself used, where
    another is configured; empty where it is `base`. `not_acceptable` says why the client takes no format that there is,
    if so. `known` is what steps have worked out of the headers alone, each under a key of its own: requests on one
    connection whose headers are the same share it, so that what a client says again and again is worked out once.
    `injected` are the faults in force for this exchange, if there are any; `warnings` is what the profiles warn of in a
    body that they let pass.
    """

    method: str
    path: str
    query: str
    headers: CIMultiDictProxy[str]
    body: bytes
    base: str
    body_error: SandboxError | None = None
    certificate_subject: str = ""
    called_as: str = ""
    known: dict[str, Any] = field(default_factory=dict)
    client: Client = _learnt(NOBODY)
    interaction: str = _learnt("")
    resource_type: str = _learnt("")
    logical_id: str = _learnt("")
    version_id: str = _learnt("")
    writes: bool = _learnt(default=False)
    expects: Body = _learnt("none")
    answer: "Answer[Any] | None" = _learnt(None)
    allowed_methods: Collection[str] = _learnt(())
    answer_format: Format = _learnt("json")
    not_acceptable: str = _learnt("")
    body_format: Format = _learnt("json")
    injected: "Injected | None" = _learnt(None)
    warnings: Sequence[Finding] = _learnt(())


@dataclass(slots=True)
class Response:
    """An answer: `content` becomes `body` in the negotiated format; a response made with `body` is sent as it is."""

    status: int
    content: Representable | None = None
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    body: bytes = b""
    delivery: "Delivery | None" = None


class Wire(Protocol):
    """What can be done with the connection that an answer goes out on; the server implements it."""

    async def head(self, response: Response) -> None:
        """Send the status line and the headers, with the Content-Length of the whole body."""
        ...

    async def body(self, part: bytes) -> None:
        """Send a part of the body; nothing where the answer has none (HEAD, 304)."""
        ...

    async def raw(self, octets: bytes) -> None:
        """Send octets past HTTP."""
        ...

    async def close(self) -> None:
        """End the connection in good order, by FIN, once everything is sent."""
        ...

    async def reset(self) -> None:
        """Break the connection, by RST, once everything is sent."""
        ...

    async def gone(self) -> None:
        """Wait until the client has hung up."""
        ...


class Delivery(Protocol):
    """How the bytes of an answer go out, where not at once and whole."""

    @property
    def report(self) -> "Sent":
        """What was sent so far."""
        ...

    async def deliver(self, response: Response, wire: Wire) -> None:
        """Send the answer, or what shall be left of it."""
        ...


@dataclass(slots=True)
class Sent:
    """What really went out: whether a head did, how many bytes of the body, and how the exchange ended."""

    head: bool = False
    body_bytes: int = 0
    ended: Literal["under way", "whole", "closed", "reset", "lost"] = "under way"


class Injected(Protocol):
    """The faults in force for one exchange: the ids of their rules, and what they do last of all."""

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The rules that fired."""
        ...

    def finish(self, response: Response) -> None:
        """Change the answer once it is dressed, and say how it goes out."""
        ...


Answer = Callable[[Request, With], Response | Awaitable[Response]]
"""Answers a request, at once where there is nothing to wait for: most interactions only look something up."""

Handler = Callable[[Request], Awaitable[Response]]
Middleware = Callable[[Request, Handler], Awaitable[Response]]
Check = Callable[[Request], None]
"""A step that refuses a request by raising a SandboxError, or lets it pass."""
