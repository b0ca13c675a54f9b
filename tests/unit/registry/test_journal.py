"""The journal: bounded, redacted, and honest about what was dropped."""

import asyncio
import gzip
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.request import HeaderFacts, Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.exchange_json import as_json
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.shortening import USUAL_HEAD_BYTES, weight
from registry_sandbox.runtime.clock import Clock

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def request(body: bytes = b"", query: str = "", **headers: str) -> Request:
    """Return a request, of a connection on which there were some."""
    sent = CIMultiDictProxy(CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}))
    asked = Request("POST", "/oauth2/token", query, sent, body, "http://localhost/STU3")
    asked.facts.bytes = weight(sent)
    asked.facts.usual = asked.facts.bytes <= USUAL_HEAD_BYTES
    asked.declared = Interaction(code="token", method="POST", path="/oauth2/token", answer=lambda _a, _b: Response(200))
    return asked


def noted(asked: Request, answered: Response | None = None) -> dict[str, Any]:
    """Note an exchange, and give what the journal says of it."""
    journal = Journal(Clock(lambda: 0.0), 10)
    journal.note(asked, answered or Response(200), 0.0)
    return as_json(next(iter(journal)))


@pytest.mark.parametrize("size", [0, 1, 3])
def test_the_oldest_go_when_there_are_too_many(size: int) -> None:
    """And are counted."""
    journal = Journal(Clock(lambda: 0.0), size)
    for _ in range(5):
        journal.note(request(), Response(200), 0.0)
    assert [each.number for each in journal] == list(range(6 - size, 6))
    assert journal.dropped == 5 - size


@pytest.mark.parametrize(
    ("look", "seen"),
    [
        (len, 3),
        (lambda journal: [each.number for each in journal], [1, 2, 3]),
        (lambda journal: [len(each.noted) for each in journal.kept().batches], [3]),
        (lambda journal: [each.number for each in journal.newest_first(1)], [3, 2]),
        (lambda journal: journal.find(3).number, 3),
        (lambda journal: journal.numbered, 3),
        (lambda journal: journal.dropped, 2),
        (lambda journal: journal.bytes > 0, True),
        (lambda journal: (journal.count(2), journal.tally.exchanges.total()), (False, 3)),
        (lambda journal: (journal.clear(), journal.tally.exchanges.total()), (None, 3)),
    ],
)
def test_whoever_looks_sees_all(look: Callable[[Journal], object], seen: object) -> None:
    """Records are made many at a time, but nobody has to wait for others to see the last."""
    journal = Journal(Clock(lambda: 0.0), 1 if seen == 2 else 10)
    for _ in range(3):
        journal.note(request(), Response(200), 0.0)
    assert look(journal) == seen


def test_whoever_watches_is_told_of_what_comes() -> None:
    """At once, and of nothing that was noted before."""
    journal, told = Journal(Clock(lambda: 0.0), 10), list[int]()
    journal.note(request(), Response(200), 0.0)
    journal.watch(told.append)
    journal.note(request(), Response(200), 0.0)
    assert told == [2]
    journal.watch(None)
    journal.note(request(), Response(200), 0.0)
    assert (told, journal.numbered) == ([2], 3)


@pytest.mark.parametrize(
    ("asked", "answered", "waits"),
    [
        (request(b"x" * 8_000), Response(200, body=b"x" * 8_000), True),
        (request(b"x" * 1_000_000), Response(200), False),
        (request(b"x" * 10_000), Response(200, body=b"x" * 10_000), False),
        (request(Token="x" * 1_000), Response(200), True),
        (request(Token="x" * 5_000), Response(200), False),
    ],
)
def test_what_is_large_does_not_wait_for_others(asked: Request, answered: Response, *, waits: bool) -> None:
    """Many large ones do not add up while their records are still to be made; nor do unknown heads."""
    journal = Journal(Clock(lambda: 0.0), 0)  # which keeps nothing
    journal.note(asked, answered, 0.0)
    held = sys.getrefcount(asked)
    len(journal)
    assert (sys.getrefcount(asked) < held) is waits
    asked.facts.usual = False
    journal.note(asked, answered, 0.0)
    assert sys.getrefcount(asked) < held or not waits


@pytest.mark.parametrize(
    ("asked", "answered"),
    [(request(b"x" * 20_000), Response(200)), (request(), Response(200, body=b"x" * 20_000))],
)
def test_the_oldest_go_when_they_are_too_large(asked: Request, answered: Response) -> None:
    """A bound in bytes holds whatever the number, for what was sent and for what was answered."""
    journal = Journal(Clock(lambda: 0.0), 1000, max_bytes=100_000)
    for _ in range(10):
        journal.note(asked, answered, 0.0)
    assert (len(journal), journal.dropped) == (4, 6)
    assert 4 * 20_000 < journal.bytes < 100_000


@pytest.mark.parametrize("body", [b"", b"x" * 10_000])
def test_what_was_noted_together_goes_together(body: bytes) -> None:
    """So the bound in bytes holds, and little more is dropped than has to be."""
    journal = Journal(Clock(lambda: 0.0), 1000, max_bytes=1_000_000)
    for _ in range(1000):
        journal.note(request(body, "q" * 1_000), Response(200), 0.0)
    assert len(journal) + journal.dropped == 1000
    assert [each.number for each in journal] == list(range(journal.dropped + 1, 1001))
    assert 100_000 < journal.bytes <= 1_000_000


def test_exchanges_weigh_the_same_together_and_apart() -> None:
    """What was sent, the path and the query, the heads, and the answer."""
    together, apart = (Journal(Clock(lambda: 0.0), 10) for _ in range(2))
    for journal in (together, apart):
        for _ in range(3):
            asked = request(b"x" * 100, "q" * 10, Token="t" * 50)
            asked.facts.usual = journal is together
            journal.note(asked, Response(200, body=b"y" * 1_000), 0.0)
    assert [len(journal.kept().batches) for journal in (together, apart)] == [1, 3]
    assert together.bytes == apart.bytes > 3 * 1_000


@pytest.mark.parametrize(("token", "batches"), [(1_000, [1, 2]), (5_000, [1, 1, 1])])
def test_the_first_of_its_headers_is_apart(token: int, batches: list[int]) -> None:
    """There they are weighed; those that are heavy stay apart."""
    journal, facts = Journal(Clock(lambda: 0.0), 10), HeaderFacts()
    for _ in range(3):
        asked = request(Token="x" * token)
        asked.facts = facts
        journal.note(asked, Response(200), 0.0)
    assert [len(each.noted) for each in journal.kept().batches] == batches


def test_a_large_one_comes_after_those_before_it() -> None:
    """Though they were still waiting for their batch."""
    journal = Journal(Clock(lambda: 0.0), 10)
    for status, body in ((201, b""), (202, b"x" * 20_000), (203, b"")):
        journal.note(request(body), Response(status), 0.0)
    assert [(each.number, each.status) for each in journal] == [(1, 201), (2, 202), (3, 203)]


def test_a_copy_names_the_appointments_that_exchanges_are_about() -> None:
    """By their URL, or because they stored it."""
    journal = Journal(Clock(lambda: 0.0), 10)
    read, registered, neither = request(), request(), request()
    read.logical_id = "a"
    registered.written = Written("b", "1")
    for each in (read, registered, neither):
        journal.note(each, Response(200), 0.0)
    assert list(journal.kept().logical_ids()) == ["a", "b", ""]


def test_batches_are_counted_whole() -> None:
    """At least as many exchanges as were asked for, and no batch more than that takes."""
    journal = Journal(Clock(lambda: 0.0), 1000)
    for _ in range(200):
        journal.note(request(), Response(200), 0.0)
    assert (journal.count(65), journal.tally.exchanges.total()) == (True, 128)
    assert (journal.count(1000), journal.tally.exchanges.total()) == (False, 200)


@pytest.mark.parametrize("size", [1, 63, 64, 65, 100, 150, 199, 200])
def test_as_many_are_kept_as_were_asked_for(size: int) -> None:
    """Though they are kept in batches: whoever looks sees no more, whichever way."""
    journal = Journal(Clock(lambda: 0.0), size)
    for _ in range(200):
        journal.note(request(), Response(200), 0.0)
    numbers = list(range(201 - size, 201))
    assert [each.number for each in journal] == numbers
    assert [each.number for each in journal.newest_first()] == numbers[::-1]
    assert [number for number in range(1, 202) if journal.find(number)] == numbers
    assert (len(journal), journal.dropped, journal.numbered) == (size, 200 - size, 200)
    journal.clear()
    assert (journal.tally.exchanges.total(), journal.tally.dropped) == (200, 200 - size)


@pytest.mark.parametrize(
    "asked",
    [
        request(Authorization=f"Bearer {TOKEN}"),
        request(Authorization="Basic c2FuZGJveDpzZWNyZXQ="),
        request(b"client_id=a&client_secret=s3cret&scope=x"),
        request(b"client%5Fsecret=s3cret"),
        request(query=f"access_token={TOKEN}"),
        request(query="access_token=s3cret"),
        request(X_Forwarded=TOKEN),
        request(Cookie="session=s3cret"),
    ],
)
def test_secrets_of_a_request_are_left_out(asked: Request) -> None:
    """Wherever they stand."""
    told = str(noted(asked))
    assert "s3cret" not in told
    assert "c2" not in told
    assert "<redacted>" in told


def test_the_token_in_an_answer_is_left_out() -> None:
    """The rest of the answer is there."""
    told = noted(request(), Response(200, body=b'{"expires_in": 3600, "access_token": "%b"}' % TOKEN.encode()))
    assert told["response"]["body"] == '{"expires_in": 3600, "access_token": "<redacted>"}'


def test_a_compressed_body_is_shown_as_text() -> None:
    """And its size as it was sent."""
    answer = Response(200, body=gzip.compress(b"hello"))
    answer.headers["Content-Encoding"] = "gzip"
    told = noted(request(), answer)
    assert (told["response"]["body"], told["sent"]["body_bytes"]) == ("hello", len(answer.body))


@dataclass(frozen=True)
class Written:
    """A version that was stored."""

    logical_id: str
    version_id: str


class Ticking:
    """A clock by hand, in seconds."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


def test_one_large_exchange_does_not_push_out_the_others() -> None:
    """What one record keeps is bounded: a body, an answer, headers; how large they were is still told."""
    journal = Journal(Clock(lambda: 0.0), 1000, max_bytes=400_000)
    for _ in range(50):
        journal.note(request(), Response(200), 0.0)
    large = request(b"a" * 900_000, **{f"X-{number}": "v" * 3_000 for number in range(100)})
    asyncio.run(_noted_in_a_task(journal, large, Response(200, body=b"b" * 900_000)))
    assert (len(journal), journal.dropped) == (51, 0)
    told = as_json(list(journal)[-1])
    assert told["request"]["body"].endswith("... (900000 bytes)")
    assert told["sent"]["body_bytes"] == 900_000
    assert len(str(told)) < 200_000


async def _noted_in_a_task(journal: Journal, asked: Request, answered: Response) -> None:
    async def answer() -> None:
        journal.note(asked, answered, 0.0)

    await asyncio.create_task(answer())


def test_headers_count_on_both_sides() -> None:
    """Their names too, and what an answer repeats of them."""
    names = {f"X-{'n' * 900}-{number}": "" for number in range(20)}
    echoing = Response(204)
    echoing.headers["Access-Control-Allow-Headers"] = "n" * 18_000
    for answered, kept in ((Response(204), 2), (echoing, 1)):
        journal = Journal(Clock(lambda: 0.0), 1000, max_bytes=100_000)
        for _ in range(10):
            journal.note(request(b"", "", **names), answered, 0.0)
        assert len(journal) == kept


def test_times_are_of_both_clocks() -> None:
    """The sandbox's, the machine's, and how long it took."""
    wall, monotonic = Ticking(), Ticking()
    clock = Clock(wall, start=datetime(2019, 1, 18, 9, tzinfo=UTC), frozen=True)
    journal = Journal(clock, 10, monotonic=monotonic)
    monotonic.now_s += 0.25
    journal.note(request(), Response(200), 100.0)
    told = as_json(next(iter(journal)))
    assert (told["at"], told["wall"]) == ("2019-01-18T09:00:00.000+00:00", "1970-01-01T00:01:40.000+00:00")
    assert (told["duration_s"], told["first_byte_s"], told["state"]) == (0.25, 0.25, "done")


def test_an_exchange_whose_task_is_cancelled_is_lost() -> None:
    """Whatever cancels it, it does not stay under way for ever."""
    journal = Journal(Clock(lambda: 0.0), 10)

    async def answered() -> None:
        journal.begin(request())
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(answered())
        await asyncio.sleep(0)
        assert [each.state for each in journal] == ["working"]
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(main())
    [exchange] = journal
    assert (exchange.state, exchange.ended, exchange.status) == ("done", "lost", None)


def test_clearing_counts_those_under_way_anew() -> None:
    """They stay, and begin the new journal."""
    journal = Journal(Clock(lambda: 0.0), 10)

    async def main() -> None:
        for _ in range(3):
            journal.note(request(), Response(200), 0.0)
        waiting = request()
        journal.begin(waiting)
        journal.clear()
        assert ([each.number for each in journal], journal.generation) == ([1], 1)
        journal.note(request(), Response(200), 0.0)
        journal.note(waiting, Response(201), 0.0)
        assert [(each.number, each.status) for each in journal] == [(1, 201), (2, 200)]
        found = journal.find(2)
        assert found is not None
        assert found.status == 200
        assert journal.find(3) is None

    asyncio.run(main())


def test_exchanges_are_numbered_as_they_began_and_dropped_as_they_ended() -> None:
    """One that waits may begin before another and end after it."""
    journal = Journal(Clock(lambda: 0.0), 2)

    async def main() -> None:
        waiting = request()
        journal.note(request(), Response(201), 0.0)
        journal.begin(waiting)
        journal.note(request(), Response(203), 0.0)
        journal.note(waiting, Response(202), 0.0)
        journal.note(request(), Response(204), 0.0)

    asyncio.run(main())
    assert [(each.number, each.status) for each in journal] == [(2, 202), (4, 204)]


def test_what_a_reset_ended_is_not_noted() -> None:
    """Even if the task goes on all the same."""
    journal = Journal(Clock(lambda: 0.0), 10)

    async def stubborn() -> None:
        asked = request()
        journal.begin(asked)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            journal.note(asked, Response(201), 0.0)

    async def main() -> None:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        journal.end_all()
        assert len(journal) == 0
        await task

    asyncio.run(main())
    assert len(journal) == 0


def test_a_reset_lets_go_on_what_is_performed_after_it() -> None:
    """Unless nobody needs the journal any more."""
    journal, ended = Journal(Clock(lambda: 0.0), 10), list[str]()

    async def exchange(name: str, *, before_its_turn: bool) -> None:
        asked = request()
        journal.begin(asked)
        asked.under_way.before_its_turn = before_its_turn
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(name)

    async def main() -> None:
        tasks = [
            asyncio.create_task(exchange(name, before_its_turn=name == "later")) for name in ("performed", "later")
        ]
        await asyncio.sleep(0)
        journal.end_all(before_their_turn=False)
        await tasks[0]
        assert (ended, len(journal)) == (["performed"], 1)
        journal.end_all()
        await tasks[1]
        assert (ended, len(journal)) == (["performed", "later"], 0)

    asyncio.run(main())


def test_a_journal_of_nothing_shows_nothing_and_ends_all_the_same() -> None:
    """Where it keeps no exchange, a reset still ends those under way."""
    journal = Journal(Clock(lambda: 0.0), 0)

    async def main() -> None:
        async def answered() -> None:
            journal.begin(request())
            await asyncio.Event().wait()

        task = asyncio.create_task(answered())
        await asyncio.sleep(0)
        assert (len(journal), list(journal)) == (0, [])
        journal.end_all()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())
