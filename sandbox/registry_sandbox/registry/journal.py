"""The journal: the last exchanges of one workspace as they really went, whatever a fault did to them.

Exchanges that wait for nothing are kept in batches: to count and drop each between two requests takes several times as
long as in one loop. An `Exchange` is made only when somebody asks.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import ClassVar

from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.batch import Apart, Batch, Kept, Noted
from registry_sandbox.registry.batches import Batches
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.registry.shortening import KEPT_BYTES_AT_MOST, USUAL_HEAD_BYTES, shortened, weight
from registry_sandbox.registry.tally import Tally
from registry_sandbox.registry.under_way import Register, UnderWay
from registry_sandbox.runtime.clock import Clock

_BYTES_AT_MOST = 64 * 1024 * 1024
_EXCHANGE_BYTES = 2_000  # what an exchange takes beside what the client sent and was sent, roughly
_TOGETHER = 64  # exchanges of a batch
_SMALL_BYTES = 16_384  # an exchange that weighs more has a batch of its own
_LARGE_BYTES = 65_536  # an answer from here on may have to wait for its reader


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

    _batching: ClassVar[bool] = True
    """Whether an exchange may wait until there are enough of them for a batch, or somebody looks."""

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
        self._noted: list[Noted] = []  # the batch to come
        self._noted_bytes = 0  # what its exchanges weigh
        self._together = _TOGETHER
        self._batches = Batches(size, max_bytes, self.tally)
        self._numbered = 0
        self.clear()

    def clear(self) -> None:
        """Forget the finished exchanges, and count from 1 again; those under way keep their order.

        A journal that nobody needs any more is cleared too, so that the tally loses nothing.
        """
        self._close()
        self.count(len(self._batches) + _TOGETHER)  # some of the oldest batch may be dropped already
        self.tally.dropped += self.dropped
        self._batches = Batches(self._size, self._max_bytes, self.tally)
        self._numbered = 0
        self.generation += 1
        for waiting in self._under_way:
            waiting.number = self._next()

    @property
    def waits(self) -> bool:
        """Whether an exchange is under way that has to wait."""
        return len(self._under_way) > 0

    def watch(self, observer: Callable[[int], None] | None) -> None:
        """From now on tell `observer` the number of each exchange that begins to wait or is done; None: nobody."""
        self._close()
        self._observer = observer
        self._together = _TOGETHER if observer is None else 1

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
            self._close()  # they began before
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
        now_s, facts = self._monotonic(), request.facts
        size = facts.bytes + len(request.path) + len(request.query) + len(request.body) + len(response.body)
        if size > _SMALL_BYTES or not (facts.usual and self._batching) or request.under_way is not None:
            self._note_apart(request, response, started_s, now_s)
            return
        self._noted_bytes += size
        noted = self._noted
        noted.append((request, response, now_s - started_s, self._clock.timestamp(), self._clock.wall()))
        if len(noted) >= self._together:
            self._close()

    def _note_apart(self, request: Request, response: Response, started_s: float, now_s: float) -> None:
        answered = len(response.body)
        if answered >= _LARGE_BYTES:
            self.begin(request)
        waiting: UnderWay | None = request.under_way
        if waiting is None:
            self._close()
            at_s, wall_s, lasted_s = self._clock.timestamp(), self._clock.wall(), now_s - started_s
            self._keep(self._next(), at_s, wall_s, lasted_s, lasted_s, request, response)
            return
        waiting.response, waiting.answered_s = response, now_s
        if response.delivery is None and answered < _LARGE_BYTES and self._under_way.remove(waiting):
            self._end(waiting)

    def _close(self) -> None:
        """Close the batch to come, if it has any exchange."""
        noted = self._noted
        if noted:
            first, size = self._numbered + 1, self._noted_bytes + _EXCHANGE_BYTES * len(noted)
            self._numbered += len(noted)
            self._noted, self._noted_bytes = [], 0
            self._take(Batch(first, noted, size))

    def _end(self, waiting: UnderWay) -> None:
        self._close()
        lasted = self._monotonic() - waiting.started_s
        first_byte = waiting.first_byte_s
        number, at_s, wall_s = waiting.number, waiting.at_s, waiting.wall_s
        self._keep(number, at_s, wall_s, lasted, first_byte, waiting.request, waiting.response)

    def _keep(  # noqa: PLR0913, PLR0917 - there is so much to say of an exchange
        self,
        number: int,
        at_s: float,
        wall_s: float,
        lasted_s: float,
        first_byte_s: float | None,
        request: Request,
        response: Response | None,
    ) -> None:
        """Keep an exchange in a batch of its own."""
        apart = Apart(first_byte_s, len(request.body), 0 if response is None else len(response.body))
        facts = request.facts
        heads = facts.bytes = facts.bytes or weight(request.headers)
        facts.usual = heads <= USUAL_HEAD_BYTES
        size = heads + len(request.path) + len(request.query) + apart.sent + apart.answered
        if size > KEPT_BYTES_AT_MOST or heads > USUAL_HEAD_BYTES:
            request, response, size = shortened(request, response, heads)
        self._take(Batch(number, [(request, response, lasted_s, at_s, wall_s)], size + _EXCHANGE_BYTES, apart))

    def _take(self, batch: Batch) -> None:
        self._batches.take(batch)
        if self._observer is not None:  # each exchange has a batch of its own
            self._observer(batch.first)

    def count(self, most: int) -> bool:
        """Let the tally count whole batches, at least `most` exchanges; return True if more are left."""
        self._close()
        return self._batches.count(most)

    def _next(self) -> int:
        self._numbered += 1
        return self._numbered

    def waiting_states(self) -> Iterator[str]:
        """Yield what each exchange under way waits for."""
        return (each.request.state if each.response is None else "sending" for each in self._under_way)

    def __len__(self) -> int:
        self._close()
        return len(self._batches) + (len(self._under_way) if self._size else 0)

    def __iter__(self) -> Iterator[Exchange]:
        """The exchanges in the order in which they began."""
        return iter(self.kept().exchanges())

    def kept(self) -> Kept:
        """Return what there is at this moment."""
        self._close()
        waiting = tuple(map(self._waiting, self._under_way)) if self._size else ()
        return Kept(self.generation, self._batches.dropped, self._batches.shown(), waiting)

    @property
    def numbered(self) -> int:
        """The number of the last exchange that began."""
        return self._numbered + len(self._noted)

    @property
    def bytes(self) -> int:
        """Roughly how many bytes the finished exchanges take."""
        self._close()
        return self._batches.bytes

    @property
    def dropped(self) -> int:
        """How many finished exchanges were dropped since the journal was last cleared."""
        self._close()
        return self._batches.dropped

    def newest_first(self, after: int = 0) -> Iterator[Exchange]:
        """Yield the exchanges whose number is above `after`, as they are now; each is made when it is asked for."""
        self._close()
        later = [batch for batch in self._batches.shown() if batch.last > after]
        finished = [(number, batch) for batch in later for number in batch.numbers if number > after]
        shown: list[tuple[int, Batch | Exchange]] = [*finished]
        if self._size:
            shown += [(each.number, self._waiting(each)) for each in self._under_way if each.number > after]
        # One that waited ends after others that began later.
        shown.sort(key=itemgetter(0), reverse=True)
        return (each if isinstance(each, Exchange) else each.exchange(number) for number, each in shown)

    def find(self, number: int) -> Exchange | None:
        """Return the exchange of a number; None if there is none, or none any more."""
        self._close()
        waiting = (each for each in self._under_way if each.number == number and self._size)
        return self._batches.find(number) or next(map(self._waiting, waiting), None)

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
