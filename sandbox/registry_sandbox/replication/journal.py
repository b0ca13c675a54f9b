"""The journal of a workspace that several replicas write together. Each reads it when somebody asks it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.batch import Apart, Batch
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.shortening import shortened, weight
from registry_sandbox.registry.tally import Tally
from registry_sandbox.replication.exchanges import Finished, decoded, encoded
from registry_sandbox.replication.journal_writer import JournalWriter
from registry_sandbox.replication.store import Record, Store
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.slices import unhurried

_REPLICA: Final = 1 << 32


class SharedJournal(Journal):
    """The exchanges of one workspace in all replicas; those under way are this replica's.

    Args:
        clock: of the sandbox.
        size: how many exchanges are kept.
        tally: counts those of this replica.
        store: has the journals.
        writer: writes to them.
        new_key: returns the name of a journal that nobody has written to.
        origin: tells the connections of this replica from those of others.
    """

    _batching = False  # others may look

    def __init__(  # noqa: PLR0913, PLR0917 - each is another part
        self,
        clock: Clock,
        size: int,
        tally: Tally,
        store: Store,
        writer: JournalWriter,
        new_key: Callable[[], str],
        origin: int,
    ) -> None:
        self._store, self._writer, self._new_key, self._origin = store, writer, new_key, origin * _REPLICA
        self._standing: int | None = None
        super().__init__(clock, size, tally=tally)

    def clear(self) -> None:
        """Forget the finished exchanges, and count from 1 again."""
        self.key, self._cursor = self._new_key(), ""
        super().clear()
        if self._standing is not None:
            self._standing = 0

    def go_on(self, key: str, numbered: int, generation: int) -> None:
        """Go on with a journal that others have written; there is none of it here.

        Args:
            key: names it in the store.
            numbered: the number of the last exchange that began.
            generation: how many times it was cleared.
        """
        self.key, self._cursor, self.generation = key, "", generation
        self.numbered_up_to(numbered)

    async def reserve(self, request: Request) -> int:
        """Give an exchange under way the number that it will have, and return it.

        Raises:
            StoreAway: there is no telling which.
        """
        self.begin(request)
        if not request.under_way.reserved:
            key = self.key
            number = await self._store.number(key)
            if key == self.key:
                request.under_way.number, request.under_way.reserved = number, True
        return int(request.under_way.number)

    def numbered_up_to(self, number: int) -> None:
        """Note that there is an exchange of this number."""
        self._numbered = max(self._numbered, number)

    @property
    def numbered(self) -> int:
        """The number of the last exchange that began; for a request that all perform, before it was sent."""
        return self._numbered if self._standing is None else self._standing

    @contextmanager
    def standing(self, number: int) -> Iterator[None]:
        """Let an exchange be the last one: so what all replicas perform does not depend on what each has read."""
        self.numbered_up_to(number)
        self._standing = number
        try:
            yield
        finally:
            self._standing = None

    async def refresh(self) -> None:
        """Take up what all replicas have noted.

        Raises:
            StoreAway: the store does not answer.
        """
        if not self._size:
            return
        await self._writer.written()
        key = self.key
        noted = await self._store.noted(key, self._cursor)
        new = [each async for each in unhurried(map(_batch, noted.records))]
        if key != self.key:
            return
        self.numbered_up_to(noted.numbered)
        if noted.cursor == self._cursor:
            return
        self._cursor = noted.cursor
        self._batches.follow(new, noted.kept, noted.noted - noted.kept)
        if self._observer is not None:
            for batch in new:
                self._observer(batch.first)

    def count(self, most: int) -> bool:
        """Count nothing: what this replica answers is counted at once."""
        del most
        return False

    def _next(self) -> int:
        """Return a number for an exchange that waits; once it is done it gets the next that is free."""
        return self._numbered + len(self._under_way) + 1

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
        del number
        self.tally.count([(request, response, lasted_s)])
        if not self._size:
            return
        sent, answered = len(request.body), 0 if response is None else len(response.body)
        request, response, _ = shortened(request, response, weight(request.headers))
        finished = Finished(at_s, wall_s, lasted_s, first_byte_s, request, response, sent, answered)
        waited = request.under_way
        reserved = waited.number if waited is not None and waited.reserved else 0
        self._writer.add(self.key, self._size, Record(reserved, encoded(finished, self._origin)))


def _batch(record: Record) -> Batch:
    each = decoded(record.content)
    noted = (each.request, each.response, each.lasted_s, each.at_s, each.wall_s)
    return Batch(record.number, [noted], len(record.content), Apart(each.first_byte_s, each.sent, each.answered))
