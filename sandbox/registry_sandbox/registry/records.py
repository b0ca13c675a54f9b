"""The records of a journal: what it keeps of a finished exchange, until somebody asks for it as an `Exchange`."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.exchange import Exchange

Record = tuple[int, int, float, float, float, float | None, Request, Response | None, int, int]
"""Roughly how many bytes it takes, and the fields of an `Exchange` but for its state."""

TO_COUNT = itemgetter(6, 7, 4)
"""Returns of a record what the tally counts: the request, the answer and how long it lasted."""


def finished(record: Record) -> Exchange:
    """Return the exchange that a record is about."""
    _, number, at_s, wall_s, lasted_s, first_byte_s, request, response, sent, answered = record
    # It is noted when the answer is made. Only then does the server find that nobody is there to take it.
    if response is not None and response.lost is not None and not response.lost.head:
        first_byte_s = None
    return Exchange(number, at_s, wall_s, lasted_s, first_byte_s, "done", request, response, sent, answered)


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
    records: tuple[Record, ...]
    waiting: tuple[Exchange, ...]

    def exchanges(self) -> list[Exchange]:
        """Return the exchanges in the order in which they began."""
        # One that waited ends after others that began later.
        return sorted([*map(finished, self.records), *self.waiting], key=lambda each: each.number)

    def logical_ids(self) -> Iterator[str]:
        """Return the ids of the appointments that the exchanges are about, and of those that they stored."""
        for record in self.records:
            request = record[6]
            yield request.logical_id or (request.written.logical_id if request.written is not None else "")
        for each in self.waiting:
            yield each.logical_id
