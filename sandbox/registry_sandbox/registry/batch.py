"""What a journal keeps of finished exchanges: few objects for many of them, until somebody asks for an `Exchange`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.exchange import Exchange

Noted = tuple[Request, Response | None, float, float, float]
"""A request, its answer, how many seconds it lasted, and a time on the sandbox's clock and on the machine's.

If it waited, that is the time of its beginning, otherwise that of its end.
"""

TO_COUNT = itemgetter(0, 1, 2)
"""Picks what the tally counts: the request, the answer and how long it lasted."""


class Apart(NamedTuple):
    """What is kept besides of an exchange that has a batch of its own.

    Attributes:
        first_byte_s: from its beginning to the first byte of the answer; None where none went out.
        sent: how many bytes the body of the request had.
        answered: how many bytes the body of the answer had.
    """

    first_byte_s: float | None
    sent: int
    answered: int


class Batch(NamedTuple):
    """Exchanges that are kept together, and dropped together.

    Attributes:
        first: the number of the first; each further one has the next number.
        noted: what was noted of each.
        bytes: roughly how many bytes they take.
        apart: None if the exchanges were noted together.
    """

    first: int
    noted: list[Noted]
    bytes: int
    apart: Apart | None = None

    @property
    def last(self) -> int:
        """The number of the last exchange."""
        return self.first + len(self.noted) - 1

    @property
    def numbers(self) -> range:
        """The numbers of its exchanges."""
        return range(self.first, self.last + 1)

    def exchange(self, number: int) -> Exchange:
        """Return one of its exchanges."""
        request, response, lasted_s, at_s, wall_s = self.noted[number - self.first]
        answered = 0 if response is None else len(response.body)
        first_byte_s, sent, answered = self.apart or (lasted_s, len(request.body), answered)
        # It is noted when the answer is made. Only then does the server find that nobody is there to take it.
        if response is not None and response.lost is not None and not response.lost.head:
            first_byte_s = None
        return Exchange(number, at_s, wall_s, lasted_s, first_byte_s, "done", request, response, sent, answered)

    def without_oldest(self, many: int) -> "Batch":
        """Return it without its `many` oldest exchanges."""
        return self._replace(first=self.first + many, noted=self.noted[many:])


def all_noted(batches: Iterable[Batch]) -> Iterator[Noted]:
    """Return what was noted of all exchanges of some batches."""
    return chain.from_iterable(each.noted for each in batches)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a journal had at one moment. It is quick to take on the event loop; what is made of it, a thread can make.

    Attributes:
        generation: how many times the journal had been cleared.
        dropped: how many finished exchanges it did not have any more.
        batches: the finished exchanges.
        waiting: those under way.
    """

    generation: int
    dropped: int
    batches: list[Batch]
    waiting: tuple[Exchange, ...]

    def exchanges(self) -> list[Exchange]:
        """Return the exchanges in the order in which they began."""
        finished = [batch.exchange(number) for batch in self.batches for number in batch.numbers]
        # One that waited ends after others that began later.
        return sorted([*finished, *self.waiting], key=lambda each: each.number)

    def logical_ids(self) -> Iterator[str]:
        """Return the ids of the appointments that the exchanges are about, and of those that they stored."""
        for request, *_ in all_noted(self.batches):
            yield request.logical_id or (request.written.logical_id if request.written is not None else "")
        for each in self.waiting:
            yield each.logical_id
