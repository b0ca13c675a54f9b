"""What replicas share: one log, whose entries all apply in its order, and the journal that all write.

A store knows nothing of registries: its entries and records are bytes.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

READ_AT_ONCE: Final = 1_000
"""How many entries of the log one call returns at most."""

READ_BYTES: Final = 4 * 1024 * 1024
"""How many bytes they may have together, but for one that has more: so that a call ends in time."""

LARGEST_ENTRY: Final = 16 * 1024 * 1024
"""How many bytes one may have."""


class StoreAway(Exception):
    """The store did not answer in time, or cannot be reached; the message says where it is, without its password.

    Attributes:
        sent: whether it may have got what was sent.
        lasting: whether it is of no use to try again: another URL, or another store, is needed.
    """

    def __init__(self, message: str, *, sent: bool = True, lasting: bool = False) -> None:
        super().__init__(message)
        self.sent, self.lasting = sent, lasting


class AnotherLog(Exception):
    """The store does not have what this replica has applied: it was replaced, emptied, or has lost its newest part."""


class Position(NamedTuple):
    """A place in the log: the store's clock in milliseconds, and a number among those of one millisecond."""

    ms: int
    number: int

    def __str__(self) -> str:
        """Return it as the store writes it."""
        return f"{self.ms}-{self.number}"

    @classmethod
    def of(cls, text: str) -> "Position":
        """Return what a store has written."""
        ms, _, number = text.partition("-")
        return cls(int(ms), int(number))


class Begun(NamedTuple):
    """A log: its identity, what it starts with, the position from which on it has entries.

    `saved` says that a state is saved for that position; else the state there is the start's.
    """

    identity: str
    start: bytes
    position: Position
    saved: bool = False


class Proposal(NamedTuple):
    """An entry to append, unless the store's clock has passed `until_ms` by then."""

    until_ms: int
    entry: bytes


class Batch(NamedTuple):
    """Entries of the log in their order; `now_ms` is the store's clock; `more` says that others follow."""

    now_ms: float
    entries: Sequence[tuple[Position, bytes]]
    more: bool


class Record(NamedTuple):
    """An exchange to note: its number, 0 where it has none yet, and what there is to tell of it."""

    number: int
    content: bytes


class Noted(NamedTuple):
    """The part of a journal that a reader does not have yet.

    Attributes:
        cursor: what to read after, the next time.
        records: in the order in which they were noted.
        kept: how many records the journal has.
        noted: how many it ever had.
        numbered: the last number that was given.
    """

    cursor: str
    records: Sequence[Record]
    kept: int
    noted: int
    numbered: int


class Store(Protocol):
    """A store. Every call ends within a bounded time."""

    async def begin(self, identity: str, start: bytes) -> Begun:
        """Return the log that there is; where there is none, begin one with this identity and start.

        Raises:
            StoreAway: nobody knows whether there is one.
        """
        ...

    async def exchange(self, identity: str, after: Position, proposals: Sequence[Proposal]) -> Batch:
        """Append the proposals, in one step, and return the entries after a position, these included.

        Raises:
            StoreAway: nobody knows whether they were appended.
            AnotherLog: the log is another one, or does not have the position; nothing was appended.
        """
        ...

    async def save(self, position: Position, part: bytes) -> None:
        """Add a part to what is saved of the state at a position; it goes by itself if the log never begins there.

        Raises:
            StoreAway: nobody knows whether it was added.
        """
        ...

    async def unsave(self, position: Position) -> None:
        """Forget what was saved of the state at a position.

        Raises:
            StoreAway: the store does not answer.
        """
        ...

    async def saved(self, position: Position) -> Sequence[bytes]:
        """Return the parts that were saved of the state at a position; none where nothing was.

        Raises:
            StoreAway: the store does not answer.
        """
        ...

    async def shorten(self, identity: str, position: Position) -> None:
        """Let the log begin at a position whose state is saved, for those who come.

        Entries before the position where it began until now are removed. Those since then stay: replicas may not have
        applied them yet. The state that was saved there stays a while, for whoever is reading it. A log of another
        identity stays as it is, and so does one for whose position nothing is saved.

        Raises:
            StoreAway: the store does not answer.
        """
        ...

    async def wait(self, after: Position) -> None:
        """Return once there is an entry after a position, or after some tenths of a second.

        Raises:
            StoreAway: the store does not answer.
        """
        ...

    async def number(self, journal: str) -> int:
        """Return a number of a journal that no other exchange gets.

        Raises:
            StoreAway: the store does not answer.
        """
        ...

    async def note(self, journal: str, records: Sequence[Record], size: int) -> None:
        """Add records to a journal that keeps the last `size`, within a bound of bytes.

        Raises:
            StoreAway: nobody knows whether they were added.
        """
        ...

    async def noted(self, journal: str, after: str) -> Noted:
        """Return what was added after a cursor; empty for all that is kept.

        Raises:
            StoreAway: the store does not answer.
        """
        ...

    async def forget(self, journal: str) -> None:
        """Remove a journal that nobody reads any more.

        Raises:
            StoreAway: the store does not answer.
        """
        ...

    async def live(self, name: str, for_s: float) -> None:
        """Note that a replica is alive; the note holds for this many seconds.

        Raises:
            StoreAway: the store does not answer.
        """
        ...

    async def living(self, names: Sequence[str]) -> set[str]:
        """Return which of these replicas live.

        Raises:
            StoreAway: the store does not answer.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
