"""empty: the connection is closed by FIN, and nothing is answered."""

from dataclasses import dataclass
from typing import ClassVar

from sandbox.exchange import Response, Wire
from sandbox.faults.effect import Effect, Sleep


@dataclass(frozen=True, slots=True)
class Empty(Effect):
    """Closes the connection."""

    word: ClassVar[str] = "empty"
    terminal: ClassVar[bool] = True
    short: ClassVar[str] = "read:empty"

    async def deliver(self, response: Response, wire: Wire, sleep: Sleep, longest_s: float) -> None:
        """Send nothing."""
        del response, sleep, longest_s
        await wire.close()
