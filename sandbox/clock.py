"""The one clock of a sandbox: slots, tokens, lastUpdated, Retry-After and faults all read it.

It ticks with the machine's clock, from whatever instant it was set to, or stands still.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import lru_cache

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)
SHOWABLE = "an instant with a time zone from 1970 to 9989, such as 2019-01-18T09:00:00Z"


def require_showable(moment: datetime) -> datetime:
    """Give the instant back if a clock can show it, and ten years more.

    Raises:
        ValueError: it cannot.
    """
    if not _FIRST <= moment < _LAST:
        raise ValueError(SHOWABLE)
    return moment


@lru_cache(maxsize=4_096)
def http_date(whole_s: int) -> str:
    """Write an instant, in whole seconds since the epoch, as HTTP does (RFC 9110 section 5.6.7)."""
    return formatdate(whole_s, usegmt=True)


class Clock:
    """A clock that can be set, advanced and frozen.

    Args:
        wall: the machine's clock, in seconds since the epoch; it is injected so that nothing below reads the time.
        start: what the clock shows first (aware); the machine's time where it is None.
        frozen: whether it stands still.
    """

    def __init__(self, wall: Callable[[], float], *, start: datetime | None = None, frozen: bool = False) -> None:
        self._wall = wall
        self._start = start
        self._start_frozen = frozen
        self.reset()

    def reset(self) -> None:
        """Show again what was shown at the start."""
        self._offset_s = 0.0
        self._stopped_at: float | None = None
        if self._start is not None:
            self._offset_s = self._start.timestamp() - self._wall()
        if self._start_frozen:
            self.freeze()

    def timestamp(self) -> float:
        """Seconds since the epoch."""
        if self._stopped_at is not None:
            return self._stopped_at
        return self._wall() + self._offset_s

    def now(self) -> datetime:
        """The instant, in UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._stopped_at is not None

    def set(self, instant: datetime) -> None:
        """Show this instant (aware), ticking or standing still as before."""
        if self._stopped_at is not None:
            self._stopped_at = instant.timestamp()
        else:
            self._offset_s = instant.timestamp() - self._wall()

    def advance(self, by: timedelta) -> None:
        """Move the clock by so much, backwards where it is negative."""
        if self._stopped_at is not None:
            self._stopped_at += by.total_seconds()
        else:
            self._offset_s += by.total_seconds()

    def ahead(self, by_s: float) -> "Clock":
        """Give a clock that always shows so much more than this one."""
        return Clock(lambda: self.timestamp() + by_s)

    def freeze(self) -> None:
        """Stand still at the instant shown now."""
        self._stopped_at = self.timestamp()

    def unfreeze(self) -> None:
        """Tick on from the instant shown now."""
        if self._stopped_at is not None:
            self._offset_s = self._stopped_at - self._wall()
            self._stopped_at = None
