"""Shortens the log: now and then a replica writes its state to the store, and those that come later begin with it.

Which entry the state is of, the log says itself: a replica proposes an entry `save`, and writes what it has once it has
applied it. So all replicas know of it, and only one does it. What the others do not have applied yet stays in the log
until the next time.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Final

from registry_sandbox.replication.records import Part
from registry_sandbox.replication.store import Position, Store, StoreAway
from registry_sandbox.runtime.slices import unhurried

_log = logging.getLogger("sandbox")

ENTRIES: Final = 50_000
"""How many entries a log has when it is shortened."""

BYTES: Final = 256 * 1024 * 1024
"""How many bytes they may have before that, roughly."""


class Compaction:
    """The shortening of one log.

    Args:
        store: has the log.
        every: how many entries it may have.
        bytes_at_most: how many bytes they may have.

    Attributes:
        every, bytes_at_most: likewise.
    """

    def __init__(self, store: Store, every: int = ENTRIES, bytes_at_most: int = BYTES) -> None:
        self._store, self.every, self.bytes_at_most = store, every, bytes_at_most
        self._applied = self._bytes = 0
        self._task: asyncio.Task[None] | None = None

    def count(self, size: int) -> None:
        """Count an entry that was applied; `size` is roughly how many bytes it has."""
        self._applied += 1
        self._bytes += size

    @property
    def due(self) -> bool:
        """Whether this replica may shorten the log now."""
        return not self.at_work and (self._applied >= self.every or self._bytes >= self.bytes_at_most)

    def agreed(self) -> bool:
        """Begin to count anew with an entry `save`; return False if another replica's has come shortly before."""
        meant = self._applied * 2 >= self.every or self._bytes * 2 >= self.bytes_at_most
        if meant:
            self._applied = self._bytes = 0
        return meant

    def save(
        self, records: Iterator[bytes], identity: str, position: Position, over: Callable[[], None] = lambda: None
    ) -> None:
        """Write the state of a position of the log, while all else goes on; `over` is called in the end."""
        self._task = asyncio.ensure_future(self._save(records, identity, position))
        self._task.add_done_callback(lambda _: over())

    async def stop(self) -> None:
        """Write no more: what was written does not count, and goes by itself."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def at_work(self) -> bool:
        """Whether it writes the state now."""
        return self._task is not None and not self._task.done()

    async def _save(self, records: Iterator[bytes], identity: str, position: Position) -> None:
        part = Part()
        try:
            await self._store.unsave(position)
            async for each in unhurried(records):
                if part.add(each):
                    await self._store.save(position, part.taken())
            if rest := part.taken():
                await self._store.save(position, rest)
            await self._store.shorten(identity, position)
        except StoreAway as away:
            _log.warning("the log is not shortened: %s", away)
        except Exception:  # noqa: BLE001 - our bug: the log grows, and all else goes on
            _log.exception("the log is not shortened")
