"""The clock: it ticks with the machine's, from wherever it was set, or stands still."""

from datetime import UTC, datetime, timedelta

from registry_sandbox.runtime.clock import Clock

START = datetime(2019, 1, 18, 9, tzinfo=UTC)


class Wall:
    """A machine's clock that moves when told."""

    def __init__(self) -> None:
        self.shown = 1_000_000.0

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self.shown


def test_it_shows_the_machines_time_unless_it_is_set() -> None:
    """Without a start there is no difference."""
    wall = Wall()
    assert Clock(wall).timestamp() == wall.shown


def test_it_ticks_on_from_where_it_was_set() -> None:
    """A minute of the machine's is a minute."""
    wall = Wall()
    clock = Clock(wall, start=START)
    wall.shown += 60
    assert clock.now() == START + timedelta(minutes=1)


def test_frozen_it_stands_still_until_it_is_advanced() -> None:
    """The machine's time does not matter."""
    wall = Wall()
    clock = Clock(wall, start=START, frozen=True)
    wall.shown += 60
    clock.advance(timedelta(days=2))
    assert (clock.now(), clock.frozen) == (START + timedelta(days=2), True)


def test_unfrozen_it_ticks_on_from_where_it_stood() -> None:
    """Nothing is made up for."""
    wall = Wall()
    clock = Clock(wall, start=START, frozen=True)
    wall.shown += 60
    clock.unfreeze()
    wall.shown += 1
    assert clock.now() == START + timedelta(seconds=1)


def test_a_reset_shows_the_start_again() -> None:
    """Ticking or standing still as at the start."""
    wall = Wall()
    clock = Clock(wall, start=START, frozen=True)
    clock.unfreeze()
    clock.set(START + timedelta(days=7))
    wall.shown += 60
    clock.reset()
    assert (clock.now(), clock.frozen) == (START, True)
