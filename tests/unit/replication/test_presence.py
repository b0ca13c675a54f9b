"""Which replicas live: they say so again and again, and who does not for long enough is gone."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from registry_sandbox.replication.memory import MemoryStore
from registry_sandbox.replication.presence import LEASE_S, MISSED_FOR_S, TOLD_EVERY_S, Presence
from registry_sandbox.replication.store import StoreAway


class Trial(MemoryStore):
    """A store, and a time that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now_s, self.away = 1_000.0, False
        super().__init__(lambda: self.now_s * 1000)

    async def live(self, name: str, for_s: float) -> None:
        """Know it, or be away."""
        if self.away:
            raise StoreAway("it is away")
        await super().live(name, for_s)

    def presence(self, origin: str) -> Presence:
        """Return that of a replica."""
        return Presence(self, origin, lambda: self.now_s)


def tried(trial: Callable[[Trial], Awaitable[None]]) -> None:
    """Try something."""
    asyncio.run(trial(Trial()))  # type: ignore[arg-type]


def test_who_says_nothing_for_long_is_gone() -> None:
    """After its lease, and some time in which it was missed; the one who notices is never gone itself."""

    async def trial(store: Trial) -> None:
        one, other = store.presence("aa"), store.presence("bb")
        names = [one.name, other.name]
        assert await one.tick(lambda: names) == await other.tick(lambda: names) == []
        began_s = store.now_s
        gone: list[str] = []
        while not gone and store.now_s - began_s < 60:
            store.now_s += TOLD_EVERY_S
            gone = await one.tick(lambda: names)
        assert gone == ["bb.0"]
        assert LEASE_S + MISSED_FOR_S <= store.now_s - began_s <= 10  # as the page says

    tried(trial)


def test_who_goes_on_saying_so_lives() -> None:
    """However long."""

    async def trial(store: Trial) -> None:
        one, other = store.presence("aa"), store.presence("bb")
        for _ in range(30):
            assert await other.tick(tuple) == []
            assert await one.tick(lambda: [other.name]) == []
            store.now_s += TOLD_EVERY_S

    tried(trial)


def test_after_a_store_was_away_all_have_time_to_say_that_they_live() -> None:
    """Nobody could, so nobody counts as missed."""

    async def trial(store: Trial) -> None:
        one, other = store.presence("aa"), store.presence("bb")
        await other.tick(tuple)
        store.now_s += LEASE_S + TOLD_EVERY_S
        assert await one.tick(lambda: [other.name]) == []  # missed for the first time
        store.away = True
        store.now_s += 60
        with pytest.raises(StoreAway):
            await one.tick(lambda: [other.name])
        store.away = False
        assert await one.tick(lambda: [other.name]) == []
        await other.tick(tuple)
        store.now_s += TOLD_EVERY_S
        assert await one.tick(lambda: [other.name]) == []

    tried(trial)


def test_a_replica_that_begins_anew_leaves_its_old_name_behind() -> None:
    """What it held under that, nobody waits for: all notice, and it does itself."""

    async def trial(store: Trial) -> None:
        one = store.presence("aa")
        await one.tick(tuple)
        held_by = one.name
        one.begin_anew()
        gone: list[str] = []
        for _ in range(11):
            gone += await one.tick(lambda: [held_by, one.name])
            store.now_s += TOLD_EVERY_S
        assert set(gone) == {"aa.0"}

    tried(trial)
