"""The journal that replicas write together: what each has noted, all of them have once they read it."""

import asyncio
from itertools import count

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import InCommon, Response
from registry_sandbox.registry.tally import Tally
from registry_sandbox.replication.journal import SharedJournal
from registry_sandbox.replication.journal_writer import JournalWriter
from registry_sandbox.replication.memory import MemoryStore
from registry_sandbox.runtime.clock import Clock

LARGE = 70_000
COMMON = InCommon((("Server", "ours"),), "Server: ours")


def size_of(number: int) -> int:
    """Return the size of a body: every other one is too large to be kept whole."""
    return LARGE if number % 2 else 1


def request(number: int) -> Request:
    """Return a request whose headers were weighed already."""
    path = f"/STU3/Appointment/{number}"
    asked = Request("GET", path, "", CIMultiDictProxy(CIMultiDict()), b"x" * size_of(number), "http://localhost/STU3")
    asked.facts.usual = True
    return asked


def test_each_exchange_is_written_at_once() -> None:
    """It waits for no others, since another replica may look; all keep, drop and weigh the same."""

    async def main() -> None:
        store, keys = MemoryStore(lambda: 0), count()
        writers = JournalWriter(store), JournalWriter(store)
        one, other = (
            SharedJournal(Clock(lambda: 0.0), 5, Tally(), store, writer, lambda: f"key {next(keys)}", origin)
            for origin, writer in enumerate(writers, 1)
        )
        for writer in writers:
            writer.start()
        other.go_on(one.key, 0, 0)
        told = list[int]()
        other.watch(told.append)
        for first in (0, 4):
            for number in range(first, first + 4):
                one.note(request(number), Response(200 + number, common=COMMON), 0.0)
            for journal in (one, other):
                await journal.refresh()
        for journal in (one, other):
            noted = [(each.number, each.status, each.request_bytes) for each in journal]
            assert noted == [(number + 1, 200 + number, size_of(number)) for number in range(3, 8)]
            assert {each.response and each.response.all_headers["Server"] for each in journal} == {"ours"}
            assert (len(journal), journal.dropped, journal.numbered) == (5, 3, 8)
            assert 3 < journal.bytes / 65_536 < 4
        assert told == [1, 2, 3, 4, 5, 6, 7, 8]
        for writer in writers:
            await writer.stop()

    asyncio.run(main())
