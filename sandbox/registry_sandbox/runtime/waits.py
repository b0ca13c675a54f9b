"""Injected waits: delays, hangs and holds sleep here, so that the sandbox can end them all when it stops."""

import asyncio
from collections.abc import Awaitable, Callable


class Waits:
    """Sleeps as it is told, until all waits are ended.

    Args:
        sleep: how to wait for a number of seconds.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep
        self._over = False
        self._under_way: set[asyncio.Future[None]] = set()

    async def __call__(self, seconds: float) -> None:
        """Wait, or go on at once where the waits have been ended."""
        if self._over:
            return
        wait = asyncio.ensure_future(self._sleep(seconds))
        self._under_way.add(wait)
        try:
            # Not awaited itself: its end by `end_all` must not look as if this exchange had been cancelled.
            await asyncio.wait({wait})
            if not wait.cancelled():
                wait.result()
        finally:
            wait.cancel()
            self._under_way.discard(wait)

    def end_all(self) -> None:
        """End every wait, and those to come: each exchange goes on as if its time were over."""
        self._over = True
        for each in self._under_way:
            each.cancel()
