"""reset: the connection is broken by RST, and nothing is answered."""

from dataclasses import dataclass
from typing import ClassVar

from sandbox.exchange import Response, Wire
from sandbox.faults.effect import Effect, Sleep


@dataclass(frozen=True, slots=True)
class Reset(Effect):
    """Breaks the connection."""

    word: ClassVar[str] = "reset"
    terminal: ClassVar[bool] = True
    short: ClassVar[str] = "register:commit+reset@x1"

    async def deliver(self, response: Response, wire: Wire, sleep: Sleep, longest_s: float) -> None:
        """Send nothing."""
        del response, sleep, longest_s
        await wire.reset()
