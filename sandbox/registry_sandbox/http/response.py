"""A response as a value: the answer, and how its bytes are delivered. Nothing here knows a socket."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, NamedTuple, Protocol

from multidict import CIMultiDict

from registry_sandbox.fhir.resource import Format, Resource, Write

WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
"""The statuses of answers that never have a body (RFC 9110 section 6.4.1)."""


class Representable(Protocol):
    """Content that can be sent in both formats. What is `large` is encoded off the event loop."""

    @property
    def large(self) -> bool:
        """Whether it takes long to encode."""
        ...

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Return the bytes of this resource in the wanted format; `write` encodes what is not encoded yet."""
        ...


@dataclass(frozen=True, slots=True)
class GeneratedContent:
    """A resource made for this answer."""

    resource: Resource
    large: bool = False

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Return the bytes of the resource."""
        return write(self.resource, wanted)


class InCommon(NamedTuple):
    """The headers that all answers of one second have: as names and values, and as the lines of a head."""

    items: tuple[tuple[str, str], ...]
    lines: str


NOTHING_IN_COMMON = InCommon((), "")


@dataclass(slots=True)
class Response:
    """An answer: `content` becomes `body` in the negotiated format; a response made with `body` is sent as it is.

    `headers` are its own. `common` are those that it shares with all answers of a second; none is among its own. They
    are not copied into every answer, because the journal keeps very many. `all_headers` are both.
    `stream` is a body that comes in parts, as they are made, instead of `body`.
    `spine_code` is that of a refusal, of its first issue.
    `lost` is what went out of an answer that the client did not take to its end, because it had hung up.
    """

    status: int
    content: Representable | None = None
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    body: bytes = b""
    delivery: "Delivery | None" = None
    lost: "Sent | None" = None
    stream: AsyncGenerator[bytes, None] | None = None
    spine_code: str = ""
    common: InCommon = NOTHING_IN_COMMON

    @property
    def all_headers(self) -> CIMultiDict[str]:
        """All headers, in the order in which they are sent; who changes what is returned changes no answer."""
        return CIMultiDict([*self.headers.items(), *self.common.items])

    def take_in_common(self) -> None:
        """Make the common headers its own, so that they can be changed."""
        self.headers, self.common = self.all_headers, NOTHING_IN_COMMON

    @property
    def sent(self) -> "Sent | None":
        """What went out; None where that was the whole answer, at once."""
        return self.lost or (self.delivery.report if self.delivery is not None else None)


class Wire(Protocol):
    """What can be done with the connection that an answer goes out on; the server implements it."""

    async def head(self, response: Response) -> None:
        """Send the status line and the headers, with the Content-Length of the whole body."""
        ...

    async def body(self, part: bytes) -> None:
        """Send a part of the body; nothing if the answer has none (HEAD, 304)."""
        ...

    async def raw(self, octets: bytes) -> None:
        """Send octets that are not framed as HTTP."""
        ...

    async def close(self) -> None:
        """Close the connection by FIN, once everything is sent."""
        ...

    async def reset(self) -> None:
        """Break the connection, by RST, once everything is sent."""
        ...

    async def gone(self) -> None:
        """Wait until the client has hung up."""
        ...


class Delivery(Protocol):
    """How an answer is sent that a fault cuts, slows down or replaces."""

    @property
    def report(self) -> "Sent":
        """What was sent so far."""
        ...

    async def deliver(self, response: Response, wire: Wire) -> None:
        """Send the answer, or the part of it that is to arrive."""
        ...


@dataclass(slots=True)
class Sent:
    """What really went out: whether a head did, how many bytes of the body, and how the exchange ended.

    `first_byte_s` is when the first byte went out, on the monotonic clock.
    """

    head: bool = False
    body_bytes: int = 0
    first_byte_s: float | None = None
    ended: Literal["under way", "whole", "closed", "reset", "lost"] = "under way"
