"""headers: headers of the answer are set or dropped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from registry_sandbox.faults.effect import Activation, Effect
from registry_sandbox.faults.kinds import HeaderName, HeaderValue
from registry_sandbox.http.response import Response

_FRAMING = {"content-length", "transfer-encoding", "connection"}
_ALWAYS_SENT = {"content-type", "date", "server"}  # without one, the HTTP library would add its own


@dataclass(frozen=True, slots=True)
class Headers(Effect):
    """Sets each header that has a value and drops each that has null."""

    word: ClassVar[str] = "headers"
    short: ClassVar[str] = "read:headers=-ETag, *:headers=X-Test:1"

    headers: Mapping[HeaderName, HeaderValue | None]

    def __post_init__(self) -> None:
        """Refuse headers that say where the body ends: `cut` and `body` are for that.

        Raises:
            ValueError: the message names the header.
        """
        for name in self.headers:
            if name.lower() in _FRAMING:
                raise ValueError(f"'{name}' frames the message and belongs to the server; expected another header")
            if name.lower() in _ALWAYS_SENT and self.headers[name] is None:
                raise ValueError(f"'{name}' is always sent and can only be set; expected a value")

    def joined_with(self, lower: Self) -> Self:
        """Return the headers of both; if both name a header, this effect's value holds."""
        ours = {name.lower() for name in self.headers}
        theirs = {name: value for name, value in lower.headers.items() if name.lower() not in ours}
        return type(self)({**theirs, **self.headers})

    def finish(self, activation: Activation, response: Response) -> None:
        """Set and drop the headers."""
        if not any(value is not None or name in response.headers for name, value in self.headers.items()):
            activation.found_nothing(self)
        for name, value in self.headers.items():
            response.headers.popall(name, None)
            if value is not None:
                response.headers[name] = value

    @classmethod
    def from_text(cls, text: str) -> Any | None:
        """Read `-ETag` as dropping a header, `X-Test:1` as setting one; a name alone says neither, and is refused."""
        if text.startswith("{"):
            return None
        if text.startswith("-"):
            return {text[1:]: None}
        name, colon, value = text.partition(":")
        return {name: value.strip()} if colon else text
