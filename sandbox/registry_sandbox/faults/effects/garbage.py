"""garbage: the answer is not HTTP."""

from dataclasses import dataclass
from typing import ClassVar

from registry_sandbox.faults.effect import Effect, Sleep
from registry_sandbox.http.response import Response, Wire

_NO_STATUS_LINE = b"\x16\x03\x01 this is not HTTP\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Garbage(Effect):
    """Answers with something that is not a status line."""

    word: ClassVar[str] = "garbage"
    terminal: ClassVar[bool] = True
    short: ClassVar[str] = "read:garbage"

    async def deliver(self, response: Response, wire: Wire, sleep: Sleep, longest_s: float) -> None:
        """Send octets that are not HTTP, and close."""
        del response, sleep, longest_s
        await wire.raw(_NO_STATUS_LINE)
        await wire.close()
