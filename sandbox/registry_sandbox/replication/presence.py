"""Which replicas live: each says so in the store, again and again. What is left of one that is gone, the others end."""

from collections.abc import Callable, Iterable
from typing import Final

from registry_sandbox.replication.store import Store, StoreAway

TOLD_EVERY_S: Final = 1.0
LEASE_S: Final = 5.0
"""For how long the store knows that a replica lives."""

MISSED_FOR_S: Final = 3.0
"""How long one is missed before it counts as gone: after a pause of the store, all have time to say that they live."""


class Presence:
    """Says that a replica lives, and notices which others do not.

    Args:
        store: knows who lives.
        origin: names the replica.
        monotonic: the machine's monotonic clock, in seconds.
    """

    def __init__(self, store: Store, origin: str, monotonic: Callable[[], float]) -> None:
        self._store, self._origin, self._monotonic = store, origin, monotonic
        self._begun, self._told_s = 0, -TOLD_EVERY_S
        self._missed_since_s: dict[str, float] = {}

    @property
    def name(self) -> str:
        """The name of this replica. It changes when the replica begins anew: nobody waits for what it held before."""
        return f"{self._origin}.{self._begun}"

    def begin_anew(self) -> None:
        """Have another name from now on."""
        self._begun += 1
        self._told_s = -TOLD_EVERY_S
        self._missed_since_s.clear()

    async def tick(self, others: Callable[[], Iterable[str]]) -> list[str]:
        """Say that this replica lives, if it is time to; return those of the others that are gone.

        Raises:
            StoreAway: the store does not answer. Then nobody counts as missed.
        """
        now_s = self._monotonic()
        if now_s - self._told_s < TOLD_EVERY_S:
            return []
        try:
            await self._store.live(self.name, LEASE_S)
            self._told_s = now_s
            return await self._gone({*others()} - {self.name}, now_s)
        except StoreAway:
            self._missed_since_s.clear()
            raise

    async def _gone(self, others: set[str], now_s: float) -> list[str]:
        living = await self._store.living(sorted(others)) if others else set()
        missed = {each: self._missed_since_s.get(each, now_s) for each in others - living}
        self._missed_since_s = missed
        return sorted(each for each, since_s in missed.items() if now_s - since_s >= MISSED_FOR_S)
