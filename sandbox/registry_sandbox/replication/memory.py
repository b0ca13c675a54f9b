"""A store in the memory of one process: replicas of one process share it. It says what a store has to do."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from registry_sandbox.replication.store import (
    READ_AT_ONCE,
    READ_BYTES,
    AnotherLog,
    Batch,
    Begun,
    Noted,
    Position,
    Proposal,
    Record,
)

JOURNAL_BYTES: Final = 64 * 1024 * 1024
_WAIT_S: Final = 0.5


@dataclass(slots=True)
class _Journal:
    records: deque[tuple[int, Record]] = field(default_factory=deque)
    noted: int = 0
    numbered: int = 0
    bytes: int = 0


class MemoryStore:
    """A store.

    Args:
        now_ms: its clock, in milliseconds since the epoch.
    """

    def __init__(self, now_ms: Callable[[], float]) -> None:
        self._now_ms = now_ms
        self._begun: Begun | None = None
        self._entries: list[tuple[Position, bytes]] = []
        self._journals: dict[str, _Journal] = {}
        self._saved: dict[Position, list[bytes]] = {}
        self._lives_until_ms: dict[str, float] = {}
        self._cursors = count(1)
        self._appended: list[asyncio.Future[None]] = []

    async def begin(self, identity: str, start: bytes) -> Begun:
        """Return the log that there is, or begin one."""
        if self._begun is None:
            self._begun = Begun(identity, start, Position(int(self._now_ms()) - 1, 0))
        return self._begun

    async def exchange(self, identity: str, after: Position, proposals: Sequence[Proposal]) -> Batch:
        """Append the proposals, and return the entries after a position."""
        at = self._index(identity, after)
        now_ms = self._now_ms()
        for each in proposals:
            if now_ms <= each.until_ms:
                self._entries.append((self._next(int(now_ms)), each.entry))
        self._wake()
        chosen: list[tuple[Position, bytes]] = []
        size = 0
        for position, entry in self._entries[at : at + READ_AT_ONCE]:
            size += len(entry)
            if chosen and size > READ_BYTES:
                break
            chosen.append((position, entry))
        return Batch(now_ms, chosen, len(self._entries) > at + len(chosen))

    async def save(self, position: Position, part: bytes) -> None:
        """Add a part to what is saved of the state at a position."""
        self._saved.setdefault(position, []).append(part)

    async def unsave(self, position: Position) -> None:
        """Forget what was saved of the state at a position."""
        self._saved.pop(position, None)

    async def saved(self, position: Position) -> Sequence[bytes]:
        """Return the parts that were saved of the state at a position."""
        return list(self._saved.get(position, ()))

    async def shorten(self, identity: str, position: Position) -> None:
        """Let the log begin at a position, for those who come."""
        if self._begun is None or self._begun.identity != identity or position <= self._begun.position:
            return
        if position not in self._saved:
            return
        before = self._begun.position
        self._entries = [each for each in self._entries if each[0] >= before]
        self._saved = {each: parts for each, parts in self._saved.items() if each >= before}
        self._begun = self._begun._replace(position=position, saved=True)

    async def wait(self, after: Position) -> None:
        """Return once there is an entry after a position, or after a while."""
        if self._entries and self._entries[-1][0] > after:
            return
        appended = asyncio.get_running_loop().create_future()
        self._appended.append(appended)
        await asyncio.wait([appended], timeout=_WAIT_S)

    async def number(self, journal: str) -> int:
        """Return the next number of a journal."""
        kept = self._journal(journal)
        kept.numbered += 1
        return kept.numbered

    async def note(self, journal: str, records: Sequence[Record], size: int) -> None:
        """Add records to a journal, and drop the oldest that are too many."""
        kept = self._journal(journal)
        for each in records:
            number = each.number or await self.number(journal)
            kept.records.append((next(self._cursors), Record(number, each.content)))
            kept.noted += 1
            kept.bytes += len(each.content)
        while kept.records and (len(kept.records) > size or kept.bytes > JOURNAL_BYTES):
            kept.bytes -= len(kept.records.popleft()[1].content)

    async def noted(self, journal: str, after: str) -> Noted:
        """Return what was added after a cursor."""
        kept = self._journal(journal)
        new = [(cursor, record) for cursor, record in kept.records if cursor > int(after or 0)]
        cursor = str(new[-1][0]) if new else after
        return Noted(cursor, [record for _, record in new], len(kept.records), kept.noted, kept.numbered)

    async def forget(self, journal: str) -> None:
        """Remove a journal."""
        self._journals.pop(journal, None)

    async def live(self, name: str, for_s: float) -> None:
        """Note that a replica is alive; the note holds for this many seconds."""
        self._lives_until_ms[name] = self._now_ms() + for_s * 1000

    async def living(self, names: Sequence[str]) -> set[str]:
        """Return which of these replicas live."""
        now_ms = self._now_ms()
        return {each for each in names if self._lives_until_ms.get(each, now_ms) > now_ms}

    async def close(self) -> None:
        """Do nothing: others may use it still."""

    def lose(self, newest: int) -> None:
        """Lose the newest entries, as a failover may; for tests."""
        del self._entries[len(self._entries) - newest :]

    def empty(self) -> None:
        """Lose everything, as a store does that keeps nothing over a restart; for tests."""
        self._begun = None
        self._entries.clear()
        self._journals.clear()
        self._saved.clear()
        self._lives_until_ms.clear()

    def _index(self, identity: str, after: Position) -> int:
        """Return how many entries there are up to a position, which has to be that of one, or of the beginning."""
        if self._begun is None or self._begun.identity != identity:
            raise AnotherLog("the store has another log")
        if after == self._begun.position and (not self._entries or self._entries[0][0] > after):
            return 0
        for at in range(len(self._entries), 0, -1):
            if self._entries[at - 1][0] == after:
                return at
        raise AnotherLog(f"the log does not have {after}")

    def _next(self, now_ms: int) -> Position:
        last = self._entries[-1][0] if self._entries else Position(0, 0)
        return Position(last.ms, last.number + 1) if now_ms <= last.ms else Position(now_ms, 1)

    def _journal(self, name: str) -> _Journal:
        return self._journals.setdefault(name, _Journal())

    def _wake(self) -> None:
        for each in self._appended:
            if not each.done():
                each.set_result(None)
        self._appended.clear()
