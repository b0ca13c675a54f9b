"""An event loop whose time is let pass where nothing happens, instead of being waited for."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class PassingTime(asyncio.SelectorEventLoop):
    """The loop: what waits for a second goes on at once, a second later by `time`, if nothing else was to be done.

    Whatever is started on it has to take its time from it, and no thread may work for it.
    """

    def __init__(self) -> None:
        self._passed_s = 0.0
        super().__init__(_NeverIdle(self))

    def time(self) -> float:
        """Return the time of the loop: what was let pass, whatever the machine needs for it."""
        return self._passed_s

    def let_pass(self, seconds: float) -> None:
        """Let time pass, as work does that takes so long."""
        self._passed_s += seconds


_A_TURN_S = 0.000_1


class _NeverIdle(selectors.DefaultSelector):
    """What the loop asks for events, with the time until its next timer."""

    def __init__(self, loop: PassingTime) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what has happened; let the time pass if nothing has."""
        happened = super().select(0 if timeout else timeout)
        if timeout and not happened:
            self._loop.let_pass(timeout)
        elif timeout == 0:  # a little for each turn of the loop, so that what never rests has an end too
            self._loop.let_pass(_A_TURN_S)
        return happened


def run_letting_time_pass(main: Coroutine[Any, Any, None]) -> None:
    """Run something on such a loop."""
    with asyncio.Runner(loop_factory=PassingTime) as runner:
        runner.run(main)


def passing_time() -> PassingTime:
    """Return the loop that is running."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, PassingTime)
    return loop


def seconds() -> float:
    """Return the time of the loop that is running, as `time.monotonic` does elsewhere."""
    return passing_time().time()
