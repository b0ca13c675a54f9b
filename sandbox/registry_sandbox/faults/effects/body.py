"""body: valid HTTP with broken XML or JSON in it; its Content-Length is honest."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from registry_sandbox.faults.effect import Effect

_KEPT = 0.6


@dataclass(frozen=True, slots=True)
class Body(Effect):
    """Truncates the body, or corrupts it so that neither an XML nor a JSON parser takes it."""

    word: ClassVar[str] = "body"
    short: ClassVar[str] = "read:body=corrupt"

    body: Literal["truncate", "corrupt"]

    def encoded(self, body: bytes) -> bytes:
        """Break the body."""
        if self.body == "truncate":
            return body[: int(len(body) * _KEPT)]
        middle = len(body) // 2
        # No octet of UTF-8, so that a text inside a value is broken as surely as a tag.
        return body[:middle] + b"\xff<{" + body[middle + 3 :] if body else body
