"""hang: no answer; the connection stays open until the client gives up, or for `--max-delay` at most."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from registry_sandbox.faults.effect import Effect, Sleep
from registry_sandbox.http.response import Response, Wire


@dataclass(frozen=True, slots=True)
class Hang(Effect):
    """Keeps the client waiting."""

    word: ClassVar[str] = "hang"
    terminal: ClassVar[bool] = True
    short: ClassVar[str] = "cancel:hang@x1"

    async def deliver(self, response: Response, wire: Wire, sleep: Sleep, longest_s: float) -> None:
        """Send nothing; close the connection if the client has waited until the end."""
        del response
        waits = [asyncio.ensure_future(sleep(longest_s)), asyncio.ensure_future(wire.gone())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        await wire.close()
