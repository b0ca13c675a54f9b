"""The records that a written state consists of: JSON lists that begin with their kind, and appointments as stored.

Each is small, so that writing and reading them holds up nobody. Only replicas of the same version read them.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

T = TypeVar("T")

PART_BYTES: Final = 256 * 1024
"""How large a part of a state is, at least; but the last."""

# Between records, and between the versions of an appointment: JSON has no raw control characters but white space.
RECORD, VERSION = b"\x1d", b"\x1e"


def record(kind: str, *told: Any) -> bytes:
    """Return a record."""
    return json.dumps([kind, *told]).encode()


def batches(items: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """Yield the items, some at a time."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


class Part:
    """Records that are sent to the store together."""

    def __init__(self) -> None:
        self._records: list[bytes] = []
        self._bytes = 0

    def add(self, one: bytes) -> bool:
        """Add a record; return True once there are enough for a part."""
        self._records.append(one)
        self._bytes += len(one)
        return self._bytes >= PART_BYTES

    def taken(self) -> bytes:
        """Return the part, and begin another."""
        part = RECORD.join(self._records)
        self._records, self._bytes = [], 0
        return part


def records_in(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the records of parts."""
    return (each for part in parts for each in part.split(RECORD))


def is_appointment(one: bytes) -> bool:
    """Return True for a record that has the versions of an appointment."""
    return one.startswith(b"{")


def told_by(one: bytes) -> tuple[str, Sequence[Any]]:
    """Return the kind of a record, and what it tells."""
    kind, *told = json.loads(one)
    return kind, told
