"""The lag of the event loop: measured only while somebody wants to know."""

import asyncio

from registry_sandbox.runtime.loop_lag import EVERY_S, LoopLag


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock runs by itself: `busy` seconds later than it is told to wait."""

    now_s = 0.0

    def time(self) -> float:
        """Return the time of this loop."""
        return self.now_s


def lags_of(*late_s: float) -> list[float]:
    """Return what is measured in a loop whose timers run so late; then it is measured no more."""
    noted: list[float] = []
    loop = Loop()

    async def run() -> None:
        lag = LoopLag(noted.append)
        lag.watch()
        lag.watch()
        for each in late_s:
            loop.now_s += EVERY_S + each
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        lag.stop()
        loop.now_s += 10 * EVERY_S
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    return [round(each, 6) for each in noted]


def test_the_lag_is_how_much_later_a_timer_runs() -> None:
    """Measured again and again, by one timer, until the stop."""
    assert lags_of(0.0, 0.25, 3.0) == [0.0, 0.25, 3.0]


def test_a_loop_that_is_stopped_at_once_measures_nothing() -> None:
    """No timer stays."""
    assert lags_of() == []
