"""A replica's turns: who is served by which, and what is told when the store does not answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from registry_sandbox.http.errors import NoRecordFound, OutcomeUnknown, ServiceUnavailable
from registry_sandbox.replication.entry import Entry
from registry_sandbox.replication.memory import MemoryStore
from registry_sandbox.replication.replica import Replica
from registry_sandbox.replication.store import Batch, Begun, Position, Proposal, StoreAway
from registry_sandbox.replication.turn import PATIENCE_S, READ_BACK_S
from registry_sandbox.replication.wall import StoreWall
from tests.unit.replication.passing_time import passing_time, run_letting_time_pass, seconds

_EPOCH_MS = 1_900_000_000_000.0


class Faltering(MemoryStore):
    """A store that can be away, or keep its answers to itself."""

    def __init__(self) -> None:
        super().__init__(lambda: _EPOCH_MS + seconds() * 1000)
        self.away = self.mute = False
        self.slow_s = self.slow_turn_s = 0.0
        self.calls: list[int] = []

    async def exchange(self, identity: str, after: Position, proposals: Sequence[Proposal]) -> Batch:
        """Do it, or not, and answer, or not."""
        if self.away:
            raise StoreAway("it is away", sent=False)
        self.calls.append(len(proposals))
        await asyncio.sleep(self.slow_s if proposals else self.slow_turn_s)
        batch = await super().exchange(identity, after, proposals)
        await asyncio.sleep(0.01)  # as a call takes
        if self.mute:
            raise StoreAway("no answer")
        return batch


@dataclass
class Sum:
    """A machine that adds up what entries say, and refuses what is negative."""

    wall: StoreWall
    total: int = 0
    times: list[float] = field(default_factory=list)
    renewed: int = 0
    owned: int = 0
    slow_s: float = 0.0

    def apply(self, entry: Entry, position: Position) -> Any:
        """Add."""
        assert self.wall() == position.ms / 1000
        passing_time().let_pass(self.slow_s)
        if entry.kind == "later":
            return self._later(entry)
        if entry.told["by"] < 0:
            raise NoRecordFound("negative")
        self.total += entry.told["by"]
        return self.total

    async def _later(self, entry: Entry) -> int:
        before = self.total
        await asyncio.sleep(0.02)
        assert self.total == before, "another entry was applied meanwhile"
        self.total += entry.told["by"]
        return self.total

    def applied(self, identity: str, position: Position, *, own: bool) -> None:
        """Note whose it was."""
        assert identity == "log"
        assert position.ms / 1000 == self.wall()
        self.owned += own

    async def renew(self, begun: Begun) -> None:
        """Begin anew."""
        del begun
        self.total = 0
        self.renewed += 1

    async def tick(self) -> None:
        """Do nothing."""


@dataclass
class One:
    """A replica, and what it acts on."""

    replica: Replica
    machine: Sum

    async def add(self, by: int, kind: str = "add") -> int:
        """Propose to add, as a request of its own does."""
        return await asyncio.create_task(self._add(by, kind))

    async def _add(self, by: int, kind: str) -> int:
        total: int = await self.replica.propose(kind, "", "", {"by": by})
        return total


Trial = Callable[[Faltering, One, One], Awaitable[None]]


def tried(trial: Trial) -> None:
    """Try something with two replicas of one store."""

    async def run() -> None:
        store = Faltering()
        begun = await store.begin("log", b"start")
        pair = [_replica(store, begun, origin) for origin in ("a1", "b2")]
        for each in pair:
            await each.replica.start()
        try:
            await trial(store, *pair)
        finally:
            store.away = store.mute = False
            for each in pair:
                await each.replica.stop()

    run_letting_time_pass(asyncio.wait_for(run(), 20))


def _replica(store: Faltering, begun: Begun, origin: str) -> One:
    wall = StoreWall(begun.position.ms / 1000, seconds)
    machine = Sum(wall)
    return One(Replica(store, begun, machine, wall, origin, seconds), machine)


def test_what_one_proposes_both_apply_in_one_order() -> None:
    """Each has its own result, and after catching up both have the same state."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        del store
        results = await asyncio.gather(*(each.add(1) for each in (one, other) for _ in range(20)))
        assert sorted(results) == list(range(1, 41))
        await asyncio.gather(one.replica.catch_up(), other.replica.catch_up())
        assert one.machine.total == other.machine.total == 40
        assert one.machine.owned == other.machine.owned == 20

    tried(trial)


def test_who_catches_up_sees_what_anybody_was_told() -> None:
    """However soon after."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        del store
        for expected in range(1, 30):
            assert await one.add(1) == expected
            await other.replica.catch_up()
            assert other.machine.total == expected

    tried(trial)


def test_one_turn_serves_all_who_wait() -> None:
    """A hundred readers and ten writers of one moment are two calls at most: the one under way, and the next."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        await other.replica.stop()
        await one.replica.catch_up()
        store.calls.clear()
        readers = [one.replica.catch_up() for _ in range(100)]
        await asyncio.gather(*readers, *(one.add(1) for _ in range(10)))
        assert sum(store.calls) == 10
        assert len(store.calls) <= 3  # the follower may have one of its own

    tried(trial)


def test_an_entry_that_takes_its_time_is_waited_for() -> None:
    """Nothing is applied in between."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        del store
        await asyncio.gather(one.add(1, "later"), other.add(1), one.add(1), other.add(1, "later"))
        await one.replica.catch_up()
        assert one.machine.total == 4

    tried(trial)


def test_a_refusal_is_told_to_whoever_proposed_it() -> None:
    """And the next entry is applied."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        del store
        with pytest.raises(NoRecordFound, match="negative"):
            await one.add(-1)
        assert await other.add(2) == 2

    tried(trial)


def test_a_proposal_that_never_left_is_refused_and_not_done_later() -> None:
    """The store was away all the time: 503."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        store.away = True
        began = seconds()
        with pytest.raises(ServiceUnavailable, match="nothing was done"):
            await one.add(1)
        assert seconds() - began < 2
        store.away = False
        assert await other.add(10) == 10
        await one.replica.catch_up()
        assert one.machine.total == 10

    tried(trial)


def test_a_proposal_that_the_store_gets_too_late_is_refused_and_not_done() -> None:
    """By the store's own clock; so whoever was told so may try again."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        store.slow_s = PATIENCE_S - READ_BACK_S + 0.05
        with pytest.raises(ServiceUnavailable, match="nothing was done"):
            await one.add(1)
        store.slow_s = 0.0
        await other.replica.catch_up()
        assert other.machine.total == 0

    tried(trial)


@pytest.mark.parametrize("turn_s", [1.0, 1.6])
def test_a_request_has_one_patience_for_its_turn_and_its_proposal(turn_s: float) -> None:
    """A store that is slow in both is given up within two seconds, and nothing comes of the proposal later."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        store.slow_turn_s = turn_s
        store.slow_s = PATIENCE_S
        began = seconds()
        await one.replica.catch_up()
        with pytest.raises((ServiceUnavailable, OutcomeUnknown)):
            await one.add(1)
        assert seconds() - began < 2
        store.slow_s = store.slow_turn_s = 0.0
        await other.replica.catch_up()
        assert other.machine.total == 0

    tried(trial)


def test_a_log_that_takes_long_to_apply_is_joined() -> None:
    """Longer than anybody waits for a turn, and longer than a store may be away at the start."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        del other
        for _ in range(300):
            await one.add(1)
        late = _replica(store, await store.begin("log", b"start"), "c3")
        late.machine.slow_s = 0.02
        await late.replica.start()
        assert late.machine.total == 300
        await late.replica.stop()

    tried(trial)


def test_who_comes_after_a_turn_was_late_waits_for_the_next() -> None:
    """The turn that did not come in time is over; the one that is being taken ends soon."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        del other
        store.slow_turn_s = PATIENCE_S + 0.5
        with pytest.raises(StoreAway):
            await one.replica.catch_up()
        store.slow_turn_s = 0.0
        began = seconds()
        try:
            await asyncio.create_task(one.replica.catch_up())
        except StoreAway:
            assert seconds() - began > 0.1, "it was told of what was over before it came"

    tried(trial)


def test_what_a_fault_keeps_waiting_takes_no_patience() -> None:
    """A delay is no fault of the store."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        del store, other
        await one.replica.catch_up()
        await asyncio.sleep(PATIENCE_S)
        assert await one.add(1) == 1

    tried(trial)


def test_a_proposal_whose_answer_was_lost_is_found_in_the_log() -> None:
    """The store took it and the connection broke: once it is back, the client has its answer, and it is done once."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        store.mute = True
        adding = asyncio.ensure_future(one.add(1))
        await asyncio.sleep(0.1)
        store.mute = False
        assert await adding == 1
        await other.replica.catch_up()
        assert other.machine.total == 1

    tried(trial)


def test_where_the_answer_stays_lost_nobody_claims_to_know() -> None:
    """A 500, because the write may be done; and it is."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        store.mute = True
        with pytest.raises(OutcomeUnknown):
            await one.add(1)
        store.mute = False
        await other.replica.catch_up()
        assert other.machine.total == 1

    tried(trial)


def test_readers_are_told_in_time_and_readiness_says_why() -> None:
    """And both end when the store is back."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        del other
        assert one.replica.trouble == ""
        store.away = True
        began = seconds()
        with pytest.raises(StoreAway, match="it is away"):
            await one.replica.catch_up()
        assert seconds() - began < 1.5
        assert one.replica.trouble == "it is away"
        store.away = False
        await one.replica.catch_up()
        assert one.replica.trouble == ""

    tried(trial)


def test_a_store_that_lost_entries_makes_a_replica_begin_anew() -> None:
    """It drops what it had applied, and applies what there is."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        await one.add(1)
        await one.add(2)
        store.lose(1)
        await one.replica.catch_up()
        await other.replica.catch_up()
        assert (one.machine.total, one.machine.renewed) == (1, 1)
        assert await other.add(5) == 6

    tried(trial)


def test_a_proposal_to_a_store_that_was_replaced_is_refused() -> None:
    """It is in no log: 503, and not done later."""

    async def trial(store: Faltering, one: One, other: One) -> None:
        del other
        await one.add(1)
        store.empty()
        with pytest.raises(ServiceUnavailable):
            await one.add(2)
        await one.replica.catch_up()
        assert one.machine.total == 0
        assert await one.add(3) == 3

    tried(trial)
