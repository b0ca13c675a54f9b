"""The machine's clock of a replica: that of the store, which all share. While an entry applies, it is the entry's time.

So whatever an entry does that depends on the time, it does alike in every replica.
"""

from collections.abc import Callable


class StoreWall:
    """A clock, in seconds since the epoch; it stands until the first entries were read.

    Args:
        at_s: what it shows first.
        monotonic: the machine's monotonic clock, in seconds.
    """

    def __init__(self, at_s: float, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._last_s = at_s
        self._ahead_s = at_s - monotonic()
        self._standing_s: float | None = at_s

    def __call__(self) -> float:
        """Return the time."""
        return self.estimate() if self._standing_s is None else self._standing_s

    def estimate(self) -> float:
        """Return the store's time, as far as that is known; never earlier than an entry that was applied."""
        return max(self._last_s, self._monotonic() + self._ahead_s)

    def learn(self, now_s: float) -> None:
        """Note what the store's clock has just shown."""
        self._ahead_s = now_s - self._monotonic()

    def stand(self, at_s: float) -> None:
        """Show the time of an entry, until `go_on`."""
        self._last_s = max(self._last_s, at_s)
        self._standing_s = at_s

    def go_on(self) -> None:
        """Show the store's time."""
        self._standing_s = None
