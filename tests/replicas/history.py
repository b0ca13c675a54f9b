"""What clients did and saw: operations with the time of their call and of their answer.

A client does not know which replica answered. What it cannot know, such as whether a write was done whose answer was
lost, is `Unknown`, and such an operation never ended: it may be done at any time after its call, or never.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Entry:
    """An appointment as an answer shows it.

    Attributes:
        id: its logical id. After a reset another appointment may have it.
        pointer: which appointment it is. No two registers have the same.
        version: 1, 2, ...
        mark: which update wrote this version; empty in the first.
    """

    id: str
    pointer: str
    version: int
    mark: str = ""

    def __str__(self) -> str:
        """Write it as part of a line of a report, with the end of its pointer and the beginning of its id."""
        return f"{self.pointer.rpartition('/')[2]} v{self.version} {self.mark or 'registered'} ({self.id[:8]})"


@dataclass(frozen=True, slots=True)
class Register:
    """Register an appointment of a patient."""

    patient: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Read:
    """Read what has an id."""

    id: str


@dataclass(frozen=True, slots=True)
class Update:
    """Cancel `pointer`, which has this id, if its version is the expected one; no two updates have the same mark."""

    id: str
    pointer: str
    expected: int
    mark: str


@dataclass(frozen=True, slots=True)
class Search:
    """List what a patient has."""

    patient: str


@dataclass(frozen=True, slots=True)
class Reset:
    """Forget everything that was registered."""


@dataclass(frozen=True, slots=True)
class Make:
    """Make the workspace, with nothing in it."""


@dataclass(frozen=True, slots=True)
class End:
    """End the workspace."""


@dataclass(frozen=True, slots=True)
class Done:
    """It was done: a reset, an update, or the making or ending of a workspace."""


@dataclass(frozen=True, slots=True)
class Registered:
    """The register was done, and gave this id."""

    id: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a read or a search showed: one entry, or all of a patient."""

    entries: frozenset[Entry]

    def __str__(self) -> str:
        """Write it as part of a line of a report."""
        return f"Found({', '.join(sorted(map(str, self.entries)))})"


@dataclass(frozen=True, slots=True)
class Absent:
    """There is nothing with this id (404)."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another version is the current one (409)."""


@dataclass(frozen=True, slots=True)
class Unchangeable:
    """It is cancelled already, or another appointment has this id now (422)."""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """There is no such workspace (404)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """There is such a workspace already (409)."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Whether or not there was such a workspace, there is none now."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One of these two; what has the id may be an appointment that nobody ever saw."""

    answer: Conflict | Unchangeable


@dataclass(frozen=True, slots=True)
class Unknown:
    """It was done, or will be, or not."""


Action = Register | Read | Update | Search | Reset | Make | End
Outcome = Done | Registered | Found | Absent | Conflict | Unchangeable | Nowhere | Taken | Gone | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one client, in seconds of a clock that all clients share and that never goes back.

    Attributes:
        workspace: in which it was done; empty for the one without a name, which is always there.
    """

    client: str
    began: float
    ended: float
    action: Action
    outcome: Outcome
    workspace: str = ""

    def before(self, other: "Operation") -> bool:
        """Return whether this had ended when the other began, so that the other must know of it."""
        return self.ended < other.began

    @property
    def only_looks(self) -> bool:
        """Whether it can have changed nothing, whatever it found."""
        return isinstance(self.outcome, Found | Absent | Conflict | Unchangeable | Nowhere | Taken | Refused)

    @property
    def forgets(self) -> bool:
        """Whether it may have ended all appointments, so that ids change hands."""
        return isinstance(self.action, Reset | End) and not self.only_looks

    def __str__(self) -> str:
        """Write it as a line of a report."""
        end = "never" if math.isinf(self.ended) else f"{self.ended:.4f}"
        where = f" in {self.workspace}" if self.workspace else ""
        return f"{self.began:.4f} to {end}  client {self.client}{where}: {self.action} -> {self.outcome}"


def entries_seen(operations: Iterable[Operation]) -> Iterable[tuple[Operation, Entry]]:
    """Return every entry that an answer showed, with the operation that saw it."""
    for operation in operations:
        if isinstance(operation.outcome, Found):
            for entry in operation.outcome.entries:
                yield operation, entry


def completed(operations: Sequence[Operation]) -> list[Operation]:
    """Return the history with what follows from the whole of it about single operations.

    A register of an unknown outcome gets the id that somebody saw. One that nobody ever saw is left out. It can explain
    one thing: that an update is refused because of what has its id, once a reset has let ids change hands.
    """
    seen = {entry.pointer: entry.id for _, entry in entries_seen(operations)}
    unseen_from_s = min((each.began for each in operations if _is_unseen(each, seen)), default=math.inf)
    reset_from_s = min((each.began for each in operations if each.forgets), default=math.inf)
    doubtful_from_s = max(unseen_from_s, reset_from_s)
    known = [_with_id(each, seen) for each in operations if not _is_unseen(each, seen)]
    return [_doubted(each) if each.ended >= doubtful_from_s else each for each in known]


def _is_unseen(operation: Operation, seen: Mapping[str, str]) -> bool:
    action = operation.action
    return isinstance(action, Register) and isinstance(operation.outcome, Unknown) and action.pointer not in seen


def _with_id(operation: Operation, seen: Mapping[str, str]) -> Operation:
    if isinstance(operation.action, Register) and isinstance(operation.outcome, Unknown):
        return replace(operation, outcome=Registered(seen[operation.action.pointer]))
    return operation


def _doubted(operation: Operation) -> Operation:
    if isinstance(operation.outcome, Conflict | Unchangeable):
        return replace(operation, outcome=Refused(operation.outcome))
    return operation
