"""body: valid HTTP with a correct Content-Length, but with broken XML or JSON in the body."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from registry_sandbox.faults.effect import Effect

_KEPT = 0.6


@dataclass(frozen=True, slots=True)
class Body(Effect):
    """Truncates the body, or corrupts it so that neither an XML nor a JSON parser accepts it."""

    word: ClassVar[str] = "body"
    short: ClassVar[str] = "read:body=corrupt"

    body: Literal["truncate", "corrupt"]

    def encoded(self, body: bytes) -> bytes:
        """Return the broken body."""
        if self.body == "truncate":
            return body[: int(len(body) * _KEPT)]
        middle = len(body) // 2
        # 0xFF never occurs in UTF-8, so the text is broken even if the middle is inside a string.
        return body[:middle] + b"\xff<{" + body[middle + 3 :]
