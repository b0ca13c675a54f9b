"""The outermost step of a replica's ports: it catches up first, and answers when the journal has the exchange."""

import asyncio
import time
from collections.abc import Sequence

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.journal import Journal
from registry_sandbox.replication.journal_writer import JournalWriter
from registry_sandbox.replication.memory import MemoryStore
from registry_sandbox.replication.port import SharedPort
from registry_sandbox.replication.store import Record, StoreAway
from registry_sandbox.replication.turn import PATIENCE_S, begin_patience
from registry_sandbox.runtime.clock import Clock
from tests.unit.replication.passing_time import run_letting_time_pass, seconds


class Slow(MemoryStore):
    """A store that takes its time to note."""

    def __init__(self, takes_s: float) -> None:
        super().__init__(lambda: time.time() * 1000)
        self._takes_s = takes_s

    async def note(self, journal: str, records: Sequence[Record], size: int) -> None:
        """Note, later."""
        await asyncio.sleep(self._takes_s)
        await super().note(journal, records, size)


class Away(MemoryStore):
    """A store that notes nothing."""

    async def note(self, journal: str, records: Sequence[Record], size: int) -> None:
        """Be away."""
        del journal, records, size
        raise StoreAway("it is away")


def request(path: str) -> Request:
    """Return a request."""
    return Request("GET", path, "", CIMultiDictProxy(CIMultiDict()), b"", "http://h.test/STU3")


async def answered(
    store: MemoryStore, path: str, steps: list[str], away: str = "", waited_s: float = 0.0
) -> tuple[Response, JournalWriter]:
    """Return the answer of a port whose handler notes one exchange; `steps` tells what happened."""
    writer = JournalWriter(store)
    writer.start()

    async def catch_up() -> None:
        steps.append("caught up")
        if away:
            raise StoreAway(away)
        begin_patience(waited_s)

    async def handler(request: Request) -> Response:
        steps.append(f"handled {request.path}")
        writer.add("j", 10, Record(0, b"exchange"))
        return Response(200)

    def refuse(_: Request, away: StoreAway) -> Response:
        return Response(503, body=str(away).encode())

    return await SharedPort(catch_up, writer, lambda: handler, refuse)(request(path)), writer


def test_whoever_is_answered_finds_the_exchange_in_the_journal() -> None:
    """However long the store takes to note it, within reason; and the request has caught up first."""

    async def trial() -> None:
        store, steps = Slow(0.1), list[str]()
        response, writer = await answered(store, "/STU3/metadata", steps)
        assert response.status == 200
        assert steps == ["caught up", "handled /STU3/metadata"]
        assert (await store.noted("j", "")).kept == 1
        await writer.stop()

    run_letting_time_pass(trial())


def test_an_answer_does_not_wait_for_ever_for_the_journal() -> None:
    """What was done was done: the client is told."""

    async def trial() -> None:
        began_s = seconds()
        response, _ = await answered(Slow(30), "/STU3/metadata", [])
        assert response.status == 200
        assert seconds() - began_s < 1

    run_letting_time_pass(trial())


def test_whoever_has_waited_for_long_already_does_not_wait_for_the_journal() -> None:
    """Its answer has to come within two seconds; the exchange is noted a little later."""

    async def trial() -> None:
        store = Slow(0.1)
        response, writer = await answered(store, "/STU3/metadata", [], waited_s=PATIENCE_S - 0.1)
        assert response.status == 200
        assert (await store.noted("j", "")).kept == 0
        await writer.stop()
        assert (await store.noted("j", "")).kept == 1

    run_letting_time_pass(trial())


def test_an_exchange_that_cannot_be_noted_is_counted() -> None:
    """Not noted later: it may be there already."""

    async def trial() -> None:
        store = Away(lambda: 0.0)
        response, writer = await answered(store, "/STU3/metadata", [])
        assert (response.status, writer.lost) == (200, 1)

    run_letting_time_pass(trial())


def test_while_the_store_is_away_nothing_is_handled() -> None:
    """The answer says why."""

    async def trial() -> None:
        steps: list[str] = []
        response, _ = await answered(Slow(0), "/STU3/metadata", steps, "it is away")
        assert (response.status, response.body) == (503, b"it is away")
        assert steps == ["caught up"]

    run_letting_time_pass(trial())


@pytest.mark.parametrize("path", ["/_sandbox/health/live", "/w/x/_sandbox/health/ready", "/_sandbox/metrics"])
def test_what_tells_of_the_process_needs_no_store(path: str) -> None:
    """So that probes and scrapes are answered while it is away."""

    async def trial() -> None:
        steps: list[str] = []
        response, _ = await answered(Slow(0), path, steps, "it is away")
        assert response.status == 200
        assert steps == [f"handled {path}"]

    run_letting_time_pass(trial())


def test_a_reset_that_came_before_does_not_end_what_takes_its_turn() -> None:
    """A replica performs it when the next request takes its turn; by then others know that it is done."""

    async def trial() -> None:
        journal = Journal(Clock(lambda: 0.0), 10)
        asked = request("/STU3/metadata")
        journal.begin(asked)  # as of a body that came in two parts
        asked.under_way.before_its_turn = True

        async def catch_up() -> None:
            journal.end_all(before_their_turn=False)

        async def handler(_: Request) -> Response:
            await asyncio.sleep(0)
            return Response(200 if asked.under_way.before_its_turn is False else 500)

        port = SharedPort(catch_up, JournalWriter(MemoryStore(lambda: 0.0)), lambda: handler, lambda *_: Response(503))
        begin_patience(PATIENCE_S)
        assert (await port(asked)).status == 200

    run_letting_time_pass(trial())
