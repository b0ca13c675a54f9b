"""empty: the connection is closed by FIN, without an answer."""

from dataclasses import dataclass
from typing import ClassVar

from registry_sandbox.faults.effect import Effect, Sleep
from registry_sandbox.http.response import Response, Wire


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
