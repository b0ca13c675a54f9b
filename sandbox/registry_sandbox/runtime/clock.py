"""The one clock of a sandbox: slots, tokens, lastUpdated, Retry-After and faults all read it.

It starts at the instant that it was set to and ticks with the machine's clock, or stands still.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import lru_cache
from typing import NamedTuple

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)
SHOWABLE = "an instant with a time zone from 1970 to 9989, such as 2019-01-18T09:00:00Z"


def require_showable(moment: datetime) -> datetime:
    """Return the instant if a clock can show it. The limit leaves ten years for seeds and faults.

    Raises:
        ValueError: the clock cannot show it.
    """
    if not _FIRST <= moment < _LAST:
        raise ValueError(SHOWABLE)
    return moment


@lru_cache(maxsize=4_096)
def http_date(whole_s: int) -> str:
    """Write an instant, in whole seconds since the epoch, as HTTP does (RFC 9110 section 5.6.7)."""
    return formatdate(whole_s, usegmt=True)


class Reading(NamedTuple):
    """What a clock does: it stands still at an instant, or ticks with an offset to the machine's; both in seconds."""

    frozen: bool
    seconds: float


class Clock:
    """A clock that can be set, advanced and frozen.

    Args:
        wall: the machine's clock, in seconds since the epoch; it is injected so that nothing below reads the time.
        start: what the clock shows first (aware); None for the machine's time.
        frozen: whether the clock stands still.

    Attributes:
        timestamp: returns the seconds since the epoch. Every exchange calls it several times, so it is the machine's
            own clock if nobody has moved this one.
        wall: the machine's clock.
    """

    timestamp: Callable[[], float]

    def __init__(self, wall: Callable[[], float], *, start: datetime | None = None, frozen: bool = False) -> None:
        self.wall = wall
        self._start = start
        self._start_frozen = frozen
        self.reset()

    def reset(self) -> None:
        """Return to what the clock showed at the start."""
        self._tick(0.0 if self._start is None else self._start.timestamp() - self.wall())
        if self._start_frozen:
            self.freeze()

    def at_start(self) -> datetime:
        """Return the instant that a reset makes it show, in UTC."""
        return datetime.fromtimestamp(self.wall() if self._start is None else self._start.timestamp(), UTC)

    def at(self, reading: Reading) -> datetime:
        """Return the instant that a reading makes it show, in UTC."""
        return datetime.fromtimestamp(reading.seconds + (0.0 if reading.frozen else self.wall()), UTC)

    def now(self) -> datetime:
        """Return the instant, in UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen

    def set(self, instant: datetime) -> None:
        """Show this instant (aware). The clock goes on ticking, or stays frozen."""
        if self._frozen:
            self._stand(instant.timestamp())
        else:
            self._tick(instant.timestamp() - self.wall())

    def advance(self, by: timedelta) -> None:
        """Move the clock by a duration, backwards if it is negative."""
        if self._frozen:
            self._stand(self.timestamp() + by.total_seconds())
        else:
            self._tick(self._offset_s + by.total_seconds())

    def ahead(self, by_s: float) -> "Clock":
        """Return a clock that is always `by_s` seconds ahead of this one."""
        return Clock(lambda: self.timestamp() + by_s)

    @property
    def reading(self) -> Reading:
        """What it does now, for `resume`."""
        return Reading(True, self.timestamp()) if self._frozen else Reading(False, self._offset_s)  # noqa: FBT003

    def resume(self, reading: Reading) -> None:
        """Do what a clock did when it was read."""
        if reading.frozen:
            self._stand(reading.seconds)
        else:
            self._tick(reading.seconds)

    def freeze(self) -> None:
        """Stand still at the instant shown now."""
        self._stand(self.timestamp())

    def unfreeze(self) -> None:
        """Tick on from the instant shown now."""
        if self._frozen:
            self._tick(self.timestamp() - self.wall())

    def _stand(self, at_s: float) -> None:
        self._frozen = True
        self.timestamp = lambda: at_s

    def _tick(self, offset_s: float) -> None:
        self._frozen, self._offset_s, wall = False, offset_s, self.wall
        self.timestamp = (lambda: wall() + offset_s) if offset_s else wall
