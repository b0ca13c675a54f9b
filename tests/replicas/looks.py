"""What was written to one appointment, and what each look at it showed, whatever the kind of the operation."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.replicas.history import (
    Absent,
    Done,
    Entry,
    Found,
    Operation,
    Read,
    Register,
    Registered,
    Search,
    Update,
)


@dataclass(frozen=True, slots=True)
class Look:
    """What one read or search showed of an appointment; None is nothing."""

    operation: Operation
    entry: Entry | None

    @property
    def version(self) -> int:
        """Return the version that it showed; 0 is none."""
        return self.entry.version if self.entry else 0


@dataclass(frozen=True, slots=True)
class Write:
    """A write that was acknowledged, and the version that it made."""

    operation: Operation
    version: int


@dataclass(slots=True)
class Appointment:
    """The history of one appointment, which its pointer names."""

    pointer: str
    patient: str
    proposed: Operation
    writes: list[Write] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Histories:
    """The history of every appointment, and the resets.

    Attributes:
        by_pointer: every appointment that somebody proposed.
        resets: each, acknowledged or not, and each end of the workspace.
    """

    by_pointer: dict[str, Appointment]
    resets: tuple[Operation, ...]

    def reset_between(self, one: Operation, other: Operation) -> bool:
        """Return whether a reset may have been done after the first began and before the other ended."""
        return any(each.ended >= one.began and each.began <= other.ended for each in self.resets)


def histories(operations: Sequence[Operation]) -> Histories:
    """Sort a history by the appointments that it is about."""
    appointments = {
        operation.action.pointer: Appointment(operation.action.pointer, operation.action.patient, operation)
        for operation in operations
        if isinstance(operation.action, Register)
    }
    by_patient: dict[str, list[Appointment]] = defaultdict(list)
    by_id: dict[str, list[Appointment]] = defaultdict(list)
    _add_writes(operations, appointments, by_id)
    for each in appointments.values():
        by_patient[each.patient].append(each)
    for operation in sorted(operations, key=lambda each: each.began):
        for appointment in _looked_at(operation, by_patient, by_id):
            appointment.looks.append(Look(operation, _shown(operation, appointment.pointer)))
    return Histories(appointments, tuple(each for each in operations if each.forgets))


def _add_writes(
    operations: Iterable[Operation], appointments: dict[str, Appointment], by_id: dict[str, list[Appointment]]
) -> None:
    for operation in operations:
        match operation.action, operation.outcome:
            case Register(_, pointer), Registered(name):
                by_id[name].append(appointments[pointer])
                appointments[pointer].writes.append(Write(operation, 1))
            case Update(_, pointer, expected), Done() if pointer in appointments:
                appointments[pointer].writes.append(Write(operation, expected + 1))


def _looked_at(
    operation: Operation, by_patient: dict[str, list[Appointment]], by_id: dict[str, list[Appointment]]
) -> Sequence[Appointment]:
    match operation.action, operation.outcome:
        case Search(patient), Found():
            return by_patient[patient]
        case Read(name), Found() | Absent():
            return by_id[name]
    return ()


def _shown(operation: Operation, pointer: str) -> Entry | None:
    if not isinstance(operation.outcome, Found):
        return None
    return next((entry for entry in operation.outcome.entries if entry.pointer == pointer), None)
