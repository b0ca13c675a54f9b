"""reset: the connection is broken by RST, without an answer."""

from dataclasses import dataclass
from typing import ClassVar

from registry_sandbox.faults.effect import Effect, Sleep
from registry_sandbox.http.response import Response, Wire


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
