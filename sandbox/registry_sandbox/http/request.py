"""A request as a value, with what the steps before the interaction found out about it. Nothing here knows a socket."""

from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from multidict import CIMultiDictProxy

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Format
from registry_sandbox.http.base_url import mounted
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.interaction import NO_INTERACTION, Interaction
from registry_sandbox.http.response import Response


@dataclass(frozen=True, slots=True)
class Client:
    """The client that the token names: `name` is the appid, or the requesting system; `may_write` is what it may do."""

    name: str
    may_write: bool


NOBODY = Client("", may_write=True)
"""The client of a request that needs no token."""


class Verified(Protocol):
    """What authentication keeps of a valid token: whose it is, and how long it is valid."""

    @property
    def client(self) -> Client:
        """Whose it is."""
        ...

    @property
    def begins(self) -> float:
        """From when on it is valid, in seconds since the epoch."""
        ...

    @property
    def ends(self) -> float:
        """When it is valid no more, in seconds since the epoch."""
        ...


State = Literal["receiving", "working", "delayed", "held", "sending"]
"""What an exchange waits for: the rest of the body, the sandbox's own work, a fault, a release, or its reader."""


class Written(Protocol):
    """A version that an exchange stored."""

    @property
    def logical_id(self) -> str:
        """The id of the appointment."""
        ...

    @property
    def version_id(self) -> str:
        """The id of the version."""
        ...


class Negotiated(NamedTuple):
    """The format of the answer; `problem` says why the client accepts none, if so."""

    format: Format
    problem: str = ""


OF_ONE_REQUEST = frozenset({"content-length", "if-match", "if-none-match", "traceparent", "x-request-id"})
"""Fields, in lower case, that differ from request to request.

Of the `HeaderFacts`, `bytes` depends on them roughly, and `echoed` is compared with one of them.
"""

SHORT_BYTES = 256
"""How long such a field may be: a longer one cannot be echoed, and weighs too much to be taken for another."""


@dataclass(slots=True)
class HeaderFacts:
    """What follows from the headers of a request alone.

    Requests on one connection share it if their headers are the same but for short fields `OF_ONE_REQUEST`. So it is
    computed once. Nothing that depends on the time, the path, the query or the body belongs here.

    Attributes:
        negotiated: the format of an answer, where the query asks for none.
        verified: what the token says, once it was verified.
        verified_by: the verifier that did it; another one has to look again.
        echoed: the last X-Request-Id that was echoed; None if none was.
        bytes: roughly what the headers take in memory, for the journal; 0 until they are weighed.
        usual: whether they were weighed, and are not heavier than those of most.
        connection: the number of the connection that they came on; 0 where that is not known.
    """

    negotiated: Negotiated | None = None
    verified: Verified | None = None
    verified_by: object = None
    echoed: str | None = None
    bytes: int = 0
    usual: bool = False
    connection: int = 0


def _learnt(default: Any) -> Any:
    """Declare an attribute that a step sets; until then a request has the default."""
    return field(default=default, init=False)


@dataclass(slots=True)
class Request:
    """A request, and what the steps before the interaction found out about it.

    Attributes:
        path: as on the request line, percent-encoded, without the query; inside a workspace, without `mount`.
        query: what followed `?`.
        body: with its content-coding undone.
        body_error: why there is no body, if it could not be read; the step whose turn it is raises it.
        base: the absolute FHIR base that URLs in the answer begin with.
        certificate_subject: the client certificate's, under mutual TLS.
        called_as: the base as the request named it, if another is configured; else empty.
        facts: what follows from the headers alone.
        client: whose the token is.
        logical_id, version_id: as the path names them; each empty where it names none.
        allowed_methods: what the path takes; empty for an unknown path.
        answer_format, body_format: of the answer, and of a resource in the body.
        declared: the interaction, once it is routed.
        not_acceptable: why the client accepts no format, if so.
        injected: the faults in force for this exchange.
        warnings: the warnings of the profiles about a body that conforms.
        parts: of a body that is too large to be kept in one piece; `body` is empty then.
        mount: the path of the workspace, such as `/w/NAME`; empty for the one without a name.
        state: what the answer waits for, while it waits.
        under_way: the journal's record of an exchange that has to wait; None where it need not.
        written: the version that the exchange stored, whatever became of its answer.
        tls_fault: what was wrong with the server's certificate, which the client accepted; empty if it is good.
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
    facts: HeaderFacts = field(default_factory=HeaderFacts)
    client: Client = _learnt(NOBODY)
    declared: Interaction = _learnt(NO_INTERACTION)
    logical_id: str = _learnt("")
    version_id: str = _learnt("")
    allowed_methods: Collection[str] = _learnt(())
    answer_format: Format = _learnt("json")
    not_acceptable: str = _learnt("")
    body_format: Format = _learnt("json")
    injected: "Injected | None" = _learnt(None)
    warnings: Sequence[Finding] = _learnt(())
    parts: Sequence[bytes] = _learnt(())
    mount: str = _learnt("")
    state: State = _learnt("working")
    under_way: Any = _learnt(None)
    written: Written | None = _learnt(None)
    tls_fault: str = _learnt("")

    def enter(self, mount: str, path: str) -> None:
        """Become a request inside a workspace, as if it were called at a server of the workspace's own."""
        self.mount, self.path = mount, path
        self.base = mounted(self.base, mount)
        if self.called_as:
            self.called_as = mounted(self.called_as, mount)

    @property
    def resource_type(self) -> str:
        """The resource type that the path names; empty where it names none."""
        return self.declared.resource_type

    @property
    def interaction(self) -> str:
        """FHIR's code of the interaction; empty where the request has none."""
        return self.declared.code


class Injected(Protocol):
    """The faults in force for one exchange: the ids of their rules, and their last step."""

    @property
    def effects(self) -> tuple[str, ...]:
        """The words of the effects that acted, each once, in alphabetical order."""
        ...

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The rules that fired."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """The variations that were made of the answer."""
        ...

    @property
    def idle_rule_ids(self) -> tuple[str, ...]:
        """The rules that matched and found nothing to act on."""
        ...

    def finish(self, response: Response) -> Awaitable[None] | None:
        """Change the answer once it has all its headers, and set how it is delivered.

        Return what is to be awaited before it is sent, if anything.
        """
        ...
