"""The journal: the last exchanges of one workspace as they really went, whatever a fault did to them.

An exchange that waits for nothing costs one small record. It becomes an `Exchange` when somebody asks.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter

from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.registry.shortening import USUAL_BYTES, shortened, weight
from registry_sandbox.registry.tally import Tally
from registry_sandbox.registry.under_way import Register, UnderWay
from registry_sandbox.runtime.clock import Clock

_BYTES_AT_MOST = 64 * 1024 * 1024
_RECORD_BYTES = 2_000  # what a record takes beside what the client sent and was sent, roughly
_COUNTED_TOGETHER = 500  # of the oldest, before they are dropped: about a tenth of a millisecond
_LARGE_BYTES = 65_536  # an answer from here on may have to wait for its reader

_Record = tuple[int, int, float, float, float, float | None, Request, Response | None, int, int]
"""Roughly how many bytes it takes, and the fields of an `Exchange` but for its state."""

_TO_COUNT = itemgetter(6, 7, 4)
"""Returns of a record what the tally counts: the request, the answer and how long it lasted."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a journal had at one moment. It is quick to take on the event loop; what is made of it, a thread can make.

    Attributes:
        generation: how many times the journal had been cleared.
        dropped: how many finished exchanges it did not have any more.
        records: the finished exchanges.
        waiting: those under way.
    """

    generation: int
    dropped: int
    records: tuple[_Record, ...]
    waiting: tuple[Exchange, ...]

    def exchanges(self) -> list[Exchange]:
        """Return the exchanges in the order in which they began."""
        # One that waited ends after others that began later.
        return sorted([*map(_finished, self.records), *self.waiting], key=lambda each: each.number)

    def logical_ids(self) -> Iterator[str]:
        """Return the ids of the appointments that the exchanges are about, and of those that they stored."""
        for record in self.records:
            request = record[6]
            yield request.logical_id or (request.written.logical_id if request.written is not None else "")
        for each in self.waiting:
            yield each.logical_id


class Journal:
    """The exchanges of one workspace; the oldest are dropped when there are too many, or they take too many bytes.

    Args:
        clock: of the sandbox.
        size: how many exchanges are kept; none is noted where it is 0.
        max_bytes: how many bytes they may take together: bodies, headers and paths of both directions.
        monotonic: the machine's monotonic clock, in seconds.
        tally: counts what is finished; several journals may share it.

    Attributes:
        bytes: roughly how many bytes the finished exchanges take.
        tally: what counts them.
        dropped: how many finished exchanges were dropped since the journal was last cleared.
        generation: how many times it was cleared.
        observer: told the number of each exchange that begins to wait or is done; None where nobody looks.
    """

    def __init__(
        self,
        clock: Clock,
        size: int,
        max_bytes: int = _BYTES_AT_MOST,
        monotonic: Callable[[], float] = time.monotonic,
        tally: Tally | None = None,
    ) -> None:
        self._clock = clock
        self._size = size
        self._max_bytes = max_bytes
        self._monotonic = monotonic
        self._under_way = Register(self._end)
        self.observer: Callable[[int], None] | None = None
        self.tally = tally or Tally()
        self.generation = -1
        self._records: deque[_Record] = deque()
        self._counted = self.dropped = 0
        self.clear()

    def clear(self) -> None:
        """Forget the finished exchanges, and count from 1 again; those under way keep their order.

        A journal that nobody needs any more is cleared too, so that the tally loses nothing.
        """
        self.count(len(self._records))
        self.tally.dropped += self.dropped
        self._records = deque()
        self.bytes = 0
        self._numbered = 0
        self._counted = 0  # how many of those noted since now are in the tally: always the oldest
        self.dropped = 0
        self.generation += 1
        for waiting in self._under_way:
            waiting.number = self._next()

    @property
    def waits(self) -> bool:
        """Whether an exchange is under way that has to wait."""
        return len(self._under_way) > 0

    def end_all(self) -> None:
        """End every exchange under way: it writes nothing from now on, and the journal forgets it."""
        self._under_way.end_all()

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Note an exchange, as the outermost step."""
        started_s = self._monotonic()
        self.begin(request)
        response = await handler(request)
        self.note(request, response, started_s)
        return response

    def begin(self, request: Request) -> None:
        """Register an exchange that has to wait, unless it is registered already."""
        if request.under_way is None:
            task = asyncio.current_task()
            waiting = UnderWay(
                self._next(), self._clock.timestamp(), self._clock.wall(), self._monotonic(), request, task
            )
            request.under_way = waiting
            self._under_way.add(waiting)
            if self.observer is not None:
                self.observer(waiting.number)

    def note(self, request: Request, response: Response, started_s: float) -> None:
        """Note an exchange once its answer is made; `started_s` is when it began on the monotonic clock.

        An exchange that was ended by a reset is not noted.
        """
        now_s = self._monotonic()
        answered = len(response.body)
        if answered >= _LARGE_BYTES:
            self.begin(request)
        waiting: UnderWay | None = request.under_way
        if waiting is not None:
            waiting.response, waiting.answered_s = response, now_s
            if response.delivery is None and answered < _LARGE_BYTES and self._under_way.remove(waiting):
                self._end(waiting)
            return
        lasted = now_s - started_s
        self._keep(self._next(), self._clock.timestamp(), self._clock.wall(), lasted, lasted, request, response)

    def _end(self, waiting: UnderWay) -> None:
        lasted = self._monotonic() - waiting.started_s
        first_byte = waiting.first_byte_s
        number, at_s, wall_s = waiting.number, waiting.at_s, waiting.wall_s
        self._keep(number, at_s, wall_s, lasted, first_byte, waiting.request, waiting.response)

    def _keep(  # noqa: PLR0913, PLR0917 - a record has so many fields
        self,
        number: int,
        at_s: float,
        wall_s: float,
        lasted_s: float,
        first_byte_s: float | None,
        request: Request,
        response: Response | None,
    ) -> None:
        sent, answered, facts = len(request.body), 0 if response is None else len(response.body), request.facts
        heads = facts.bytes
        if heads is None:
            heads = facts.bytes = weight(request.headers)
        size = heads + len(request.path) + len(request.query) + sent + answered
        if size > USUAL_BYTES:
            request, response, size = shortened(request, response, heads)
        size += _RECORD_BYTES
        self._records.append((size, number, at_s, wall_s, lasted_s, first_byte_s, request, response, sent, answered))
        self.bytes += size
        if self.bytes > self._max_bytes or len(self._records) > self._size:
            self._drop()
        if self.observer is not None:
            self.observer(number)

    def _drop(self) -> None:
        """Drop the oldest records while there are too many, or they take too many bytes."""
        records = self._records
        while (len(records) > self._size or self.bytes > self._max_bytes) and records:
            if self.dropped == self._counted:
                self.count(_COUNTED_TOGETHER)
            self.bytes -= records.popleft()[0]
            self.dropped += 1

    def count(self, most: int) -> bool:
        """Let the tally count the oldest finished exchanges that it does not have; return True if there are more."""
        first = self._counted - self.dropped
        left = len(self._records) - first
        many = min(most, left)
        # From whichever end is nearer: a deque finds its middle by walking there.
        from_newest = islice(reversed(self._records), left - many, left)
        chosen = islice(self._records, first, first + many) if first < left - many else from_newest
        self.tally.count(map(_TO_COUNT, chosen))
        self._counted += many
        return many < left

    def _next(self) -> int:
        self._numbered += 1
        return self._numbered

    def waiting_states(self) -> Iterator[str]:
        """Yield what each exchange under way waits for."""
        return (each.request.state if each.response is None else "sending" for each in self._under_way)

    def __len__(self) -> int:
        return len(self._records) + (len(self._under_way) if self._size else 0)

    def __iter__(self) -> Iterator[Exchange]:
        """The exchanges in the order in which they began."""
        return iter(self.kept().exchanges())

    def kept(self) -> Kept:
        """Return what there is at this moment."""
        waiting = tuple(map(self._waiting, self._under_way)) if self._size else ()
        return Kept(self.generation, self.dropped, tuple(self._records), waiting)

    @property
    def numbered(self) -> int:
        """The number of the last exchange that began."""
        return self._numbered

    def newest_first(self, after: int = 0) -> Iterator[Exchange]:
        """Yield the exchanges whose number is above `after`, as they are now; each is made when it is asked for."""
        shown: list[tuple[int, _Record | Exchange]] = [(each[1], each) for each in self._records if each[1] > after]
        if self._size:
            shown += [(each.number, self._waiting(each)) for each in self._under_way if each.number > after]
        # One that waited ends after others that began later.
        shown.sort(key=itemgetter(0), reverse=True)
        return (each if isinstance(each, Exchange) else _finished(each) for _, each in shown)

    def find(self, number: int) -> Exchange | None:
        """Return the exchange of a number; None if there is none, or none any more."""
        for record in reversed(self._records):
            if record[1] == number:
                return _finished(record)
        waiting = (each for each in self._under_way if each.number == number and self._size)
        return next(map(self._waiting, waiting), None)

    def _waiting(self, waiting: UnderWay) -> Exchange:
        response = waiting.response
        state = waiting.request.state
        return Exchange(
            waiting.number,
            waiting.at_s,
            waiting.wall_s,
            self._monotonic() - waiting.started_s,
            waiting.first_byte_s,
            state if response is None else "sending",
            waiting.request,
            response,
            len(waiting.request.body),
            0 if response is None else len(response.body),
        )


def _finished(record: _Record) -> Exchange:
    _, number, at_s, wall_s, lasted_s, first_byte_s, request, response, sent, answered = record
    # It is noted when the answer is made. Only then does the server find that nobody is there to take it.
    if response is not None and response.lost is not None and not response.lost.head:
        first_byte_s = None
    return Exchange(number, at_s, wall_s, lasted_s, first_byte_s, "done", request, response, sent, answered)
