"""An entry of the log: what one replica proposed, and all do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """An entry.

    Attributes:
        origin: the replica that proposed it.
        number: counts what this replica proposes.
        kind: what is to be done.
        workspace: in which workspace; empty for the one without a name.
        epoch: that of the workspace when the entry was judged; empty where it does not matter.
        told: what there is to know of it.
        body: bytes, such as a resource.
        size: how many bytes the entry takes in the log; 0 for one that is not from there.
    """

    origin: str
    number: int
    kind: str
    workspace: str = ""
    epoch: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""
    size: int = 0

    def encoded(self) -> bytes:
        """Return the bytes of the entry."""
        head = json.dumps([self.origin, self.number, self.kind, self.workspace, self.epoch, self.told])
        return head.encode() + b"\n" + self.body

    @classmethod
    def of(cls, encoded: bytes) -> "Entry":
        """Return the entry that these bytes are."""
        head, _, body = encoded.partition(b"\n")
        origin, number, kind, workspace, epoch, told = json.loads(head)
        return cls(origin, number, kind, workspace, epoch, told, body, len(encoded))
