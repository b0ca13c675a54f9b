"""The journal: the last exchanges of one workspace as they really went, whatever a fault did to them.

An exchange that waits for nothing costs one small record, which is made with those of others: a little later, or when
somebody looks. It becomes an `Exchange` when somebody asks.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from operator import itemgetter
from typing import ClassVar

from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.registry.records import TO_COUNT, Kept, Record, finished
from registry_sandbox.registry.shortening import KEPT_BYTES_AT_MOST, USUAL_HEAD_BYTES, shortened, weight
from registry_sandbox.registry.tally import Tally
from registry_sandbox.registry.under_way import Register, UnderWay
from registry_sandbox.runtime.clock import Clock

_BYTES_AT_MOST = 64 * 1024 * 1024
_RECORD_BYTES = 2_000  # what a record takes beside what the client sent and was sent, roughly
_COUNTED_TOGETHER = 500  # of the oldest, before they are dropped: about a tenth of a millisecond
_SMALL_BYTES = 16_384  # both bodies of an exchange whose record may be made later
_LARGE_BYTES = 65_536  # an answer from here on may have to wait for its reader

_Noted = tuple[Request, Response, float, float, float]
"""A request, its answer, how long it lasted, and when it ended on the sandbox's clock and on the machine's."""


class Journal:
    """The exchanges of one workspace; the oldest are dropped when there are too many, or they take too many bytes.

    Args:
        clock: of the sandbox.
        size: how many exchanges are kept; none is noted where it is 0.
        max_bytes: how many bytes they may take together: bodies, headers and paths of both directions.
        monotonic: the machine's monotonic clock, in seconds.
        tally: counts what is finished; several journals may share it.

    Attributes:
        tally: what counts them.
        generation: how many times it was cleared.
    """

    _made_together: ClassVar[int] = 64
    """How many records are made together, because each takes longer between two exchanges than in a loop."""

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
        self._observer: Callable[[int], None] | None = None
        self.tally = tally or Tally()
        self.generation = -1
        self._noted: list[_Noted] = []
        self._made: deque[Record] = deque()
        self._bytes = self._numbered = self._counted = self._dropped = 0
        self.clear()

    def clear(self) -> None:
        """Forget the finished exchanges, and count from 1 again; those under way keep their order.

        A journal that nobody needs any more is cleared too, so that the tally loses nothing.
        """
        self.count(len(self._records))
        self.tally.dropped += self.dropped
        self._made = deque()
        self._bytes = 0
        self._numbered = 0
        self._counted = 0  # how many of those noted since now are in the tally: always the oldest
        self._dropped = 0
        self.generation += 1
        for waiting in self._under_way:
            waiting.number = self._next()

    @property
    def waits(self) -> bool:
        """Whether an exchange is under way that has to wait."""
        return len(self._under_way) > 0

    def watch(self, observer: Callable[[int], None] | None) -> None:
        """From now on tell `observer` the number of each exchange that begins to wait or is done; None: nobody."""
        self._make()
        self._observer = observer

    def end_all(self, *, before_their_turn: bool = True) -> None:
        """End every exchange under way: it writes nothing from now on, and the journal forgets it.

        Args:
            before_their_turn: also those that will be performed after what happens now.
        """
        self._under_way.end_all(before_their_turn=before_their_turn)

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
            self._make()  # they began before
            task = asyncio.current_task()
            waiting = UnderWay(
                self._next(), self._clock.timestamp(), self._clock.wall(), self._monotonic(), request, task
            )
            request.under_way = waiting
            self._under_way.add(waiting)
            if self._observer is not None:
                self._observer(waiting.number)

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
        noted, heads = self._noted, request.facts.bytes
        noted.append((request, response, now_s - started_s, self._clock.timestamp(), self._clock.wall()))
        is_small = heads is not None and heads <= USUAL_HEAD_BYTES and answered + len(request.body) <= _SMALL_BYTES
        if not is_small or len(noted) >= self._made_together or self._observer is not None:
            self._make()

    def _make(self) -> None:
        """Make the records of what was noted."""
        noted, self._noted = self._noted, []
        for request, response, lasted_s, at_s, wall_s in noted:
            self._keep(self._next(), at_s, wall_s, lasted_s, lasted_s, request, response)

    @property
    def _records(self) -> deque[Record]:
        """The records of all that was noted, the oldest first."""
        self._make()
        return self._made

    def _end(self, waiting: UnderWay) -> None:
        self._make()
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
        if size > KEPT_BYTES_AT_MOST or heads > USUAL_HEAD_BYTES:
            request, response, size = shortened(request, response, heads)
        size += _RECORD_BYTES
        self._made.append((size, number, at_s, wall_s, lasted_s, first_byte_s, request, response, sent, answered))
        self._bytes += size
        if self._bytes > self._max_bytes or len(self._made) > self._size:
            self._drop()
        if self._observer is not None:
            self._observer(number)

    def _drop(self) -> None:
        """Drop the oldest records while there are too many, or they take too many bytes."""
        records = self._made
        while (len(records) > self._size or self._bytes > self._max_bytes) and records:
            if self._dropped == self._counted:
                self._count(_COUNTED_TOGETHER)
            self._bytes -= records.popleft()[0]
            self._dropped += 1

    def count(self, most: int) -> bool:
        """Let the tally count the oldest finished exchanges that it does not have; return True if there are more."""
        self._make()
        return self._count(most)

    def _count(self, most: int) -> bool:
        first = self._counted - self._dropped
        left = len(self._made) - first
        many = min(most, left)
        # From whichever end is nearer: a deque finds its middle by walking there.
        from_newest = islice(reversed(self._made), left - many, left)
        chosen = islice(self._made, first, first + many) if first < left - many else from_newest
        self.tally.count(map(TO_COUNT, chosen))
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
        return self._numbered + len(self._noted)

    @property
    def bytes(self) -> int:
        """Roughly how many bytes the finished exchanges take."""
        self._make()
        return self._bytes

    @property
    def dropped(self) -> int:
        """How many finished exchanges were dropped since the journal was last cleared."""
        self._make()
        return self._dropped

    def newest_first(self, after: int = 0) -> Iterator[Exchange]:
        """Yield the exchanges whose number is above `after`, as they are now; each is made when it is asked for."""
        shown: list[tuple[int, Record | Exchange]] = [(each[1], each) for each in self._records if each[1] > after]
        if self._size:
            shown += [(each.number, self._waiting(each)) for each in self._under_way if each.number > after]
        # One that waited ends after others that began later.
        shown.sort(key=itemgetter(0), reverse=True)
        return (each if isinstance(each, Exchange) else finished(each) for _, each in shown)

    def find(self, number: int) -> Exchange | None:
        """Return the exchange of a number; None if there is none, or none any more."""
        for record in reversed(self._records):
            if record[1] == number:
                return finished(record)
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
