"""Events that readers follow as they happen: each reader has a bounded queue, and the last events are kept for a while.

Nothing is made or kept while nobody follows: `watched` says whether it pays to describe an event.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

KEPT = 1_000
"""How many events are kept for readers that come back."""

QUEUED_AT_MOST = 2 * KEPT
"""How many may wait for one reader: all that are kept, and as many new ones."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event: `number` counts from 1 (0: a remark to one reader), `kind` is one word, `data` is JSON."""

    number: int
    kind: str
    data: str


@dataclass(slots=True, eq=False)
class _Reader:
    queue: deque[Event] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    open: bool = True

    def put(self, event: Event) -> None:
        """Queue an event; a reader that has too many waiting loses them, and is told so as its last event."""
        if len(self.queue) >= QUEUED_AT_MOST:
            lost = len(self.queue) + 1
            self.queue.clear()
            self.queue.append(Event(0, "dropped", f'{{"events": {lost}, "why": "they were not read in time"}}'))
            self.open = False
        else:
            self.queue.append(event)
        self.wake.set()

    def end(self) -> None:
        """Let it read what is queued, and end."""
        self.open = False
        self.wake.set()


class Broadcast:
    """The events of one workspace.

    Args:
        linger_s: for so long after the last reader left, one that comes back finds what it missed.

    Attributes:
        watched: True while somebody follows, and for a while afterwards.
        on_watched: told when `watched` changes.
    """

    def __init__(self, linger_s: float = 60.0) -> None:
        self._linger_s = linger_s
        self.watched = False
        self.on_watched: Callable[[bool], None] = lambda _: None
        self._kept: deque[Event] = deque(maxlen=KEPT)
        self._readers: set[_Reader] = set()
        self._number = 0
        self._closed = False
        self._lingering: asyncio.TimerHandle | None = None

    def publish(self, kind: str, data: str) -> None:
        """Send an event to every reader; do nothing if there are none."""
        if not self.watched:
            return
        self._number += 1
        event = Event(self._number, kind, data)
        self._kept.append(event)
        for reader in list(self._readers):
            reader.put(event)
            if not reader.open:
                self._readers.discard(reader)

    async def follow(self, after: int | None = None) -> AsyncGenerator[Event, None]:
        """Yield the events from now on, or those after a number.

        The first event is a remark of the kind `missed` if some of those are not kept any more. The last is one of the
        kind `dropped` if the reader is too slow.
        """
        reader = _Reader()
        for event in self._since(after):
            reader.put(event)
        self._watch(reader)
        try:
            while True:
                while reader.queue:
                    yield reader.queue.popleft()
                if not reader.open:
                    return
                reader.wake.clear()
                await reader.wake.wait()
        finally:
            self._leave(reader)

    def close(self) -> None:
        """End every reader, and whoever comes later."""
        self._closed = True
        if self._lingering is not None:
            self._lingering.cancel()
        for reader in list(self._readers):
            reader.end()

    def _since(self, after: int | None) -> list[Event]:
        if after is None:
            return []
        kept = [event for event in self._kept if event.number > after]
        whole = after == self._number or (bool(kept) and kept[0].number == after + 1)
        return kept if whole else [Event(0, "missed", f'{{"after": {after}}}'), *self._kept]

    def _watch(self, reader: _Reader) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        self._readers.add(reader)
        if self._closed:
            reader.end()
        if not self.watched:
            self.watched = True
            self.on_watched(True)  # noqa: FBT003 - a callback has no keywords

    def _leave(self, reader: _Reader) -> None:
        self._readers.discard(reader)
        if not self._readers and not self._closed and self._lingering is None:
            self._lingering = asyncio.get_running_loop().call_later(self._linger_s, self._forget)

    def _forget(self) -> None:
        self._lingering = None
        if not self._readers:
            self.watched = False
            self._kept.clear()
            self.on_watched(False)  # noqa: FBT003
