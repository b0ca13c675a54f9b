"""The lag of the event loop: how much later than asked it runs a timer. Whatever blocks the loop shows here."""

import asyncio
from collections.abc import Callable

EVERY_S = 0.1
"""How often the lag is measured, in seconds."""


class LoopLag:
    """Measures the lag of the running loop, from the first call of `watch` until `stop`.

    Args:
        note: told each lag, in seconds.
    """

    def __init__(self, note: Callable[[float], None]) -> None:
        self._note = note
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """Begin to measure; do nothing if that has begun."""
        if self._timer is None:
            self._wait(asyncio.get_running_loop())

    def stop(self) -> None:
        """Measure no more, until somebody watches again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        due_s = loop.time() + EVERY_S
        self._timer = loop.call_at(due_s, self._measure, loop, due_s)

    def _measure(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        self._note(max(0.0, loop.time() - due_s))
        self._wait(loop)
