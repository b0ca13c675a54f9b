"""The contract of a store, which the one in memory and the one in Valkey or Redis keep alike."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from registry_sandbox.replication import memory, valkey
from registry_sandbox.replication.memory import MemoryStore
from registry_sandbox.replication.store import (
    READ_AT_ONCE,
    READ_BYTES,
    AnotherLog,
    Position,
    Proposal,
    Record,
    Store,
    StoreAway,
)
from registry_sandbox.replication.valkey import ValkeyStore
from registry_sandbox.replication.valkey_connection import place_of
from tests.stores import Server, a_server, running_server, servers

EVER = 2**50
Try = Callable[[Store], Awaitable[Any]]


@pytest.fixture(scope="module", params=["memory", "valkey", "redis"])
def kept_in(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    """What holds the store: nothing but memory, or one of the servers."""
    if request.param == "memory":
        yield None
        return
    program = servers().get(request.param)
    if program is None:
        pytest.skip(f"no {request.param} server on this machine")
    with running_server(program) as server:
        yield server


@pytest.fixture
def tried(kept_in: Server | None) -> Callable[[Try], Any]:
    """Try something with a store that is empty."""

    async def run(trial: Try) -> Any:
        async with _empty(kept_in) as store:
            return await trial(store)

    return lambda trial: asyncio.run(run(trial))


@asynccontextmanager
async def _empty(server: Server | None) -> AsyncIterator[Store]:
    store: Store
    if server is None:
        store = MemoryStore(lambda: time.time() * 1000)
    else:
        valkey = ValkeyStore(server.url, within_s=20)  # on a busy machine too
        await valkey._redis.flushall()  # noqa: SLF001 - the store itself must never do that
        store = valkey
    yield store
    await store.close()


def proposals(*entries: bytes) -> list[Proposal]:
    """Return proposals that are never too late."""
    return [Proposal(EVER, each) for each in entries]


def test_the_first_begins_the_log_and_others_find_it(tried: Callable[[Try], Any]) -> None:
    """Whoever comes later gets the identity and the start of the first."""

    async def trial(store: Store) -> None:
        first = await store.begin("one", b"start \x00 of one")
        assert (first.identity, first.start) == ("one", b"start \x00 of one")
        assert await store.begin("two", b"start of two") == first

    tried(trial)


def test_entries_come_back_in_their_order(tried: Callable[[Try], Any]) -> None:
    """What several calls appended is read in one order, with positions that grow and times of the store's clock."""

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"")
        first = await store.exchange("log", begun.position, proposals(b"a", b"\xff\x00"))
        second = await store.exchange("log", first.entries[-1][0], proposals(b"c"))
        whole = await store.exchange("log", begun.position, [])
        assert [entry for _, entry in whole.entries] == [b"a", b"\xff\x00", b"c"]
        assert list(whole.entries) == [*first.entries, *second.entries]
        positions = [begun.position, *(position for position, _ in whole.entries)]
        assert positions == sorted(set(positions))
        assert abs(whole.now_ms - time.time() * 1000) < 5_000
        assert whole.entries[-1][0].ms <= whole.now_ms

    tried(trial)


def test_a_proposal_that_comes_too_late_is_not_appended(tried: Callable[[Try], Any]) -> None:
    """The store's own clock decides, and others of the same call are appended."""

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"")
        now_ms = int((await store.exchange("log", begun.position, [])).now_ms)
        late, in_time = Proposal(now_ms - 1_000, b"late"), Proposal(now_ms + 5_000, b"in time")
        batch = await store.exchange("log", begun.position, [late, in_time])
        assert [entry for _, entry in batch.entries] == [b"in time"]

    tried(trial)


def test_a_log_of_another_identity_takes_nothing(tried: Callable[[Try], Any]) -> None:
    """Neither is anything appended to it."""

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"")
        with pytest.raises(AnotherLog, match="another log"):
            await store.exchange("older log", begun.position, proposals(b"a"))
        assert not (await store.exchange("log", begun.position, [])).entries

    tried(trial)


def test_a_position_that_the_log_does_not_have_is_told(tried: Callable[[Try], Any]) -> None:
    """A replica that has applied what the store has lost must not go on."""

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"")
        await store.exchange("log", begun.position, proposals(b"a"))
        with pytest.raises(AnotherLog, match="does not have 5-5"):
            await store.exchange("log", Position(5, 5), proposals(b"b"))
        assert len((await store.exchange("log", begun.position, [])).entries) == 1

    tried(trial)


def test_a_store_without_a_log_is_told(tried: Callable[[Try], Any]) -> None:
    """As after a restart of a store that keeps nothing."""

    async def trial(store: Store) -> None:
        with pytest.raises(AnotherLog):
            await store.exchange("log", Position(5, 5), proposals(b"b"))

    tried(trial)


def test_many_entries_come_in_several_batches(tried: Callable[[Try], Any]) -> None:
    """Each says whether others follow."""

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"")
        many = [b"%d" % each for each in range(READ_AT_ONCE + 5)]
        first = await store.exchange("log", begun.position, proposals(*many))
        rest = await store.exchange("log", first.entries[-1][0], [])
        assert (len(first.entries), first.more, len(rest.entries), rest.more) == (READ_AT_ONCE, True, 5, False)
        assert [entry for _, entry in (*first.entries, *rest.entries)] == many

    tried(trial)


def test_large_entries_come_in_several_batches(tried: Callable[[Try], Any]) -> None:
    """So that no call takes too long; one that is larger than a batch comes alone."""

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"")
        sizes = [READ_BYTES // 2, READ_BYTES // 4, READ_BYTES // 2, READ_BYTES * 2, 1]
        for size in sizes:
            await store.exchange("log", begun.position, proposals(b"x" * size))
        batches, after, more = [], begun.position, True
        while more:
            batch = await store.exchange("log", after, [])
            batches.append([len(entry) for _, entry in batch.entries])
            after, more = batch.entries[-1][0], batch.more
        assert batches == [sizes[:2], sizes[2:3], sizes[3:4], sizes[4:]]

    tried(trial)


def test_whoever_waits_is_woken_by_an_entry(tried: Callable[[Try], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Long before the wait would be over."""
    monkeypatch.setattr(memory, "_WAIT_S", 60.0)
    monkeypatch.setattr(valkey, "_WAIT_MS", 60_000)

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"")
        waiting = asyncio.ensure_future(store.wait(begun.position))
        await asyncio.sleep(0.02)
        await store.exchange("log", begun.position, proposals(b"a"))
        async with asyncio.timeout(20):
            await waiting

    tried(trial)


def test_a_wait_ends_without_an_entry_too(tried: Callable[[Try], Any]) -> None:
    """So that a replica notices that its store is there."""

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"")
        async with asyncio.timeout(20):
            await store.wait(begun.position)

    tried(trial)


def test_records_are_numbered_in_their_order(tried: Callable[[Try], Any]) -> None:
    """A number that was drawn before is not given again."""

    async def trial(store: Store) -> None:
        assert await store.number("j") == 1
        await store.note("j", [Record(0, b"a"), Record(1, b"b\x00"), Record(0, b"c")], 10)
        noted = await store.noted("j", "")
        assert list(noted.records) == [Record(2, b"a"), Record(1, b"b\x00"), Record(3, b"c")]
        assert (noted.kept, noted.noted, noted.numbered) == (3, 3, 3)

    tried(trial)


def test_a_reader_of_a_journal_gets_what_is_new(tried: Callable[[Try], Any]) -> None:
    """By the cursor of its last look."""

    async def trial(store: Store) -> None:
        await store.note("j", [Record(0, b"a")], 10)
        first = await store.noted("j", "")
        assert not (await store.noted("j", first.cursor)).records
        await store.note("j", [Record(0, b"b")], 10)
        second = await store.noted("j", first.cursor)
        assert [each.content for each in second.records] == [b"b"]
        assert (await store.noted("j", second.cursor)).cursor == second.cursor

    tried(trial)


def test_a_journal_keeps_its_last_records(tried: Callable[[Try], Any]) -> None:
    """And says how many it ever had."""

    async def trial(store: Store) -> None:
        await store.note("j", [Record(0, b"%d" % each) for each in range(7)], 3)
        noted = await store.noted("j", "")
        assert [each.content for each in noted.records] == [b"4", b"5", b"6"]
        assert (noted.kept, noted.noted, noted.numbered) == (3, 7, 7)

    tried(trial)


def test_a_journal_that_is_forgotten_begins_anew(tried: Callable[[Try], Any]) -> None:
    """With no records, and the first number; another journal keeps its own."""

    async def trial(store: Store) -> None:
        for name in ("j", "k"):
            await store.note(name, [Record(0, b"a")], 10)
        await store.forget("j")
        assert await store.noted("j", "") == ("", [], 0, 0, 0)
        assert (await store.noted("k", "")).kept == 1

    tried(trial)


def test_a_replica_lives_for_as_long_as_it_said(tried: Callable[[Try], Any]) -> None:
    """Others never did."""

    async def trial(store: Store) -> None:
        await store.live("short", 0.1)
        await store.live("long", 60)
        assert await store.living(["long", "never"]) == {"long"}
        await asyncio.sleep(0.12)
        assert await store.living(["short", "long"]) == {"long"}

    tried(trial)


def test_who_comes_after_a_log_was_shortened_begins_with_the_state(tried: Callable[[Try], Any]) -> None:
    """Others go on from where they are; what all have applied before the last time is gone."""

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"start")
        assert not begun.saved
        positions = [begun.position]
        for each in (b"a", b"b", b"c", b"d"):
            batch = await store.exchange("log", positions[-1], proposals(each))
            positions.append(batch.entries[-1][0])
        for at in (2, 3):
            await store.save(positions[at], b"head")
            await store.save(positions[at], b"body \x00")
            await store.shorten("log", positions[at])
            assert await store.begin("x", b"") == ("log", b"start", positions[at], True)
            batch = await store.exchange("log", positions[at], [])
            assert [entry for _, entry in batch.entries] == [b"a", b"b", b"c", b"d"][at:]
        for at in (2, 3):  # whoever reads the one before can go on
            assert list(await store.saved(positions[at])) == [b"head", b"body \x00"]
        assert [entry for _, entry in (await store.exchange("log", positions[2], [])).entries] == [b"c", b"d"]
        for gone in positions[:2]:
            with pytest.raises(AnotherLog):
                await store.exchange("log", gone, [])

    tried(trial)


def test_a_log_never_begins_where_nothing_is_saved(tried: Callable[[Try], Any]) -> None:
    """What was written may have gone, because it took too long."""

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"")
        entries = (await store.exchange("log", begun.position, proposals(b"a", b"b"))).entries
        await store.save(entries[1][0], b"saved")
        await store.unsave(entries[1][0])
        await store.shorten("log", entries[1][0])
        assert await store.begin("x", b"") == begun
        assert len((await store.exchange("log", begun.position, [])).entries) == 2

    tried(trial)


def test_only_the_state_where_the_log_begins_stays_for_ever() -> None:
    """What a replica that died had written goes by itself, and so does what was replaced."""
    with running_server(a_server()) as server:

        async def trial() -> list[int]:
            store = ValkeyStore(server.url, within_s=20)
            redis = store._redis  # noqa: SLF001 - the contract has no way to ask for it
            begun = await store.begin("log", b"")
            entries = (await store.exchange("log", begun.position, proposals(b"a", b"b", b"c"))).entries
            for position, _ in entries:
                await store.save(position, b"saved")
            for position, _ in entries[:2]:
                await store.shorten("log", position)
            left = [await redis.ttl(f"{{registry-sandbox}}:state:{position}") for position, _ in entries]
            await store.close()
            return left

        replaced, current, unfinished = asyncio.run(trial())
        assert 50 <= replaced <= 60
        assert current == -1  # no end
        assert 590 <= unfinished <= 600


def test_a_log_is_not_shortened_backwards_or_by_another(tried: Callable[[Try], Any]) -> None:
    """Two replicas may do it at one time, and one may know another log."""

    async def trial(store: Store) -> None:
        begun = await store.begin("log", b"")
        for each in (b"a", b"b", b"c"):
            await store.exchange("log", begun.position, proposals(each))
            await asyncio.sleep(0.003)  # so that their milliseconds differ
        entries = (await store.exchange("log", begun.position, [])).entries
        second, third = entries[1][0], entries[2][0]
        assert second.ms < third.ms
        await store.shorten("other", third)
        assert (await store.begin("x", b"")).position == begun.position
        await store.save(third, b"saved")
        await store.shorten("log", third)
        await store.shorten("log", second)
        assert (await store.begin("x", b"")).position == third
        assert list(await store.saved(third)) == [b"saved"]
        await store.unsave(third)
        assert not await store.saved(third)

    tried(trial)


def test_a_store_that_is_away_is_told_in_time_and_without_its_password() -> None:
    """The message names host, port and database."""

    async def trial() -> StoreAway:
        store = ValkeyStore("valkey://user:s3cret@127.0.0.1:1/3", within_s=60)
        with pytest.raises(StoreAway) as caught:
            async with asyncio.timeout(20):  # nobody listens there, which is known at once
                await store.begin("log", b"")
        await store.close()
        return caught.value

    said = asyncio.run(trial())
    assert str(said).startswith("valkey://127.0.0.1:1/3: ")
    assert "s3cret" not in str(said)
    assert not said.sent


def test_a_wrong_password_is_no_log() -> None:
    """The message says what the store said, and not the password."""
    with running_server(a_server(), "--requirepass", "s3cret") as server:

        async def begin(url: str) -> None:
            store = ValkeyStore(url, within_s=20)
            try:
                await store.begin("log", b"")
            finally:
                await store.close()

        for wrong in ("", ":wr0ng@"):
            with pytest.raises(StoreAway) as caught:
                asyncio.run(begin(server.url.replace("//", f"//{wrong}")))
            assert "wr0ng" not in str(caught.value)
        asyncio.run(begin(server.url.replace("//", "//:s3cret@")))


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("valkey://:pw@h.test:1234/2", "valkey://h.test:1234/2"),
        ("valkeys://u:pw@h.test/0", "valkeys://h.test:6379/0"),
        ("valkey://h.test", "valkey://h.test:6379"),
    ],
)
def test_a_store_is_named_without_its_password(url: str, place: str) -> None:
    """For messages and logs."""
    assert place_of(url) == place
