"""Writes what exchanges there were to the store: those that end together in one call, one call at a time."""

import asyncio
import logging
from collections import defaultdict
from typing import Final

from registry_sandbox.replication.store import Record, Store, StoreAway

_log = logging.getLogger("sandbox")

PATIENCE_S: Final = 0.3
"""How long an answer waits for its exchange to be written."""

_KEPT_AT_MOST: Final = 20_000  # while the store is away
_PAUSE_S: Final = 0.1


class JournalWriter:
    """Writes records of all journals.

    Attributes:
        lost: how many records could not be written.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: list[tuple[str, int, Record]] = []
        self._written: asyncio.Future[None] | None = None
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.lost = 0

    def start(self) -> None:
        """Write from now on."""
        self._task = asyncio.ensure_future(self._write())

    async def stop(self) -> None:
        """Write what there is, and nothing more."""
        await self.written()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def add(self, journal: str, size: int, record: Record) -> None:
        """Write a record, soon, to a journal that keeps `size`."""
        if len(self._queue) >= _KEPT_AT_MOST:
            self.lost += 1
            return
        self._queue.append((journal, size, record))
        self._wanted.set()

    async def written(self) -> None:
        """Wait until all that was added is in the store, but not for long."""
        if not self._queue:
            return
        if self._written is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            loop.call_later(PATIENCE_S, _settle, self._written)  # one timer for all who wait
        await asyncio.shield(self._written)

    async def _write(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            queue, self._queue = self._queue, []
            written, self._written = self._written, None
            try:
                await self._write_all(queue)
            except StoreAway:
                # Some may be there already: to write them again would tell of exchanges that never were.
                self.lost += len(queue)
                _log.warning("%d exchanges are not in the journal: the store was away", len(queue))
                await asyncio.sleep(_PAUSE_S)
            if written is not None:
                _settle(written)

    async def _write_all(self, queue: list[tuple[str, int, Record]]) -> None:
        by_journal: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
        for journal, size, record in queue:
            by_journal[journal, size].append(record)
        for (journal, size), records in by_journal.items():
            await self._store.note(journal, records, size)


def _settle(written: "asyncio.Future[None]") -> None:
    if not written.done():
        written.set_result(None)
