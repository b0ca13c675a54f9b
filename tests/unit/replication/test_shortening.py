"""When the log is shortened: again and again, by one replica at a time, and all the same after something went wrong."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from registry_sandbox.replication.compaction import Compaction
from registry_sandbox.replication.machine import ReplicaState
from registry_sandbox.replication.records import PART_BYTES
from registry_sandbox.replication.store import Position, StoreAway
from registry_sandbox.testing import builders
from tests.unit.replication.drawn import Joined, KeepingStore, joined

pytestmark = pytest.mark.usefixtures("unhurried")


class Trial(KeepingStore):
    """A store that tells where its log was shortened, and can be away while a state is written."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.shortened_at: list[int] = []

    async def save(self, position: Position, part: bytes) -> None:
        """Add a part, or be away."""
        if self.away:
            raise StoreAway("it is away")
        await super().save(position, part)

    async def shorten(self, identity: str, position: Position) -> None:
        """Note how many entries there were."""
        await super().shorten(identity, position)
        self.shortened_at.append([at for at, _ in self._entries].index(position) + 1)

    @property
    def entries(self) -> int:
        """How many there ever were."""
        return len(self._entries)


def state(one: Joined) -> ReplicaState:
    """Return the state of a replica."""
    assert one.sandbox.replication is not None
    return one.sandbox.replication.state


def tried(trial: Callable[[Trial, list[Joined]], Awaitable[None]]) -> None:
    """Try something with three replicas whose log may have 20 entries."""

    async def run() -> None:
        store = Trial()
        replicas = [await joined(lambda: store, rate_limit=None) for _ in range(3)]
        for each in replicas:
            state(each).compaction.every = 20
        await trial(store, replicas)
        for each in replicas:
            await each.stop()

    asyncio.run(asyncio.wait_for(run(), 60))


async def register(replicas: list[Joined], many: int) -> None:
    """Register so many appointments, at each replica in turn."""
    for number in range(many):
        one = replicas[number % len(replicas)]
        status, told = await one.call("POST", "/STU3/Appointment", builders.appointment())
        assert status == 201, told


def test_the_log_is_shortened_again_and_again() -> None:
    """Each time after so many entries, by whichever replica comes first, and never twice for the same."""

    async def trial(store: Trial, replicas: list[Joined]) -> None:
        await asyncio.gather(*(register([each], 70) for each in replicas))
        between = [two - one for one, two in zip(store.shortened_at, store.shortened_at[1:], strict=False)]
        assert len(between) >= 5
        assert min(between) >= 10
        assert max(between) <= 60
        assert store.entries - store.shortened_at[-1] <= 60

    tried(trial)


def test_a_second_wish_to_shorten_is_passed_over() -> None:
    """Two replicas may have it at one moment; the log has both, and the second does nothing."""

    async def trial(store: Trial, replicas: list[Joined]) -> None:
        await register(replicas, 15)
        wishes = [each.sandbox.replication for each in replicas[:2]]
        await asyncio.gather(*(each.replica.propose("save", "", "", {}) for each in wishes if each is not None))
        await register(replicas, 3)
        assert len(store.shortened_at) == 1

    tried(trial)


def test_what_was_captured_is_let_go() -> None:
    """Else each replica that has shortened the log would hold a second state."""

    async def trial(store: Trial, replicas: list[Joined]) -> None:
        await register(replicas, 30)
        for _ in range(500):
            await asyncio.sleep(0.01 if any(state(each).compaction.at_work for each in replicas) else 0)
        assert store.shortened_at
        assert [state(each)._cut for each in replicas] == [None] * 3  # noqa: SLF001

    tried(trial)


def test_a_store_that_is_away_meanwhile_gets_the_next_state() -> None:
    """The log is longer by then, and all else goes on."""

    async def trial(store: Trial, replicas: list[Joined]) -> None:
        store.away = True
        await register(replicas, 30)
        assert not store.shortened_at
        store.away = False
        await register(replicas, 30)
        assert store.shortened_at[0] > 30

    tried(trial)


@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_a_state_that_fills_its_parts_has_no_empty_one(beyond: int) -> None:
    """An empty part is no record, and whoever comes later could not read it."""

    async def trial() -> None:
        store = KeepingStore()
        begun = await store.begin("log", b"start")
        written = asyncio.Event()
        compaction = Compaction(store)
        compaction.save(iter([b"x" * (PART_BYTES + beyond)]), "log", begun.position, written.set)
        await written.wait()
        assert list(map(len, await store.saved(begun.position))) == [PART_BYTES + beyond]

    asyncio.run(asyncio.wait_for(trial(), 20))


def test_few_entries_that_are_large_are_enough() -> None:
    """The store has to hold them."""

    async def trial(store: Trial, replicas: list[Joined]) -> None:
        for each in replicas:
            state(each).compaction.bytes_at_most = 5_000
        await register(replicas, 3)
        assert not store.shortened_at
        await register(replicas, 7)
        assert store.shortened_at
        assert store.entries < 20

    tried(trial)
