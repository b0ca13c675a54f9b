"""What no history may show, a rule each, in words that say what went wrong.

Each is necessary for linearizability and none is enough: `linearizability` finds what these do not. They are simple, so
they also say whether the search can be trusted.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from tests.replicas.history import (
    Done,
    End,
    Gone,
    Make,
    Nowhere,
    Operation,
    Search,
    Unknown,
    Update,
    entries_seen,
)
from tests.replicas.looks import Appointment, Histories, Look, histories


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that must not be, with the operations that show it."""

    name: str
    about: str
    operations: tuple[Operation, ...] = ()

    def __str__(self) -> str:
        """Write it as lines of a report."""
        return "\n    ".join([f"{self.name}: {self.about}", *map(str, self.operations)])


def broken_rules(operations: Sequence[Operation]) -> Iterator[Anomaly]:
    """Yield what breaks a rule; of one rule and one appointment only the first."""
    known = histories(operations)
    for appointment in known.by_pointer.values():
        yield from _lost(known, appointment)
        yield from _stale(known, appointment)
        yield from _going_back(known, appointment)
    yield from _phantoms(known, operations)
    yield from _two_winners(operations)
    yield from _missing_workspace(operations)
    yield from _ghost_workspace(operations)


def _lost(known: Histories, appointment: Appointment) -> Iterator[Anomaly]:
    """No acknowledged write may be missing at the end: what is looked at last shows it, or a later one."""
    if not appointment.looks or not appointment.writes:
        return
    last = appointment.looks[-1]
    newest = max(appointment.writes, key=lambda each: each.version)
    if _must_know(known, newest.operation, last.operation) and last.version < newest.version:
        yield Anomaly("lost write", appointment.pointer, (newest.operation, last.operation))


def _stale(known: Histories, appointment: Appointment) -> Iterator[Anomaly]:
    """A look that began after a write was acknowledged shows it, or a later one."""
    for write in appointment.writes:
        for look in appointment.looks:
            if look.version < write.version and _must_know(known, write.operation, look.operation):
                yield Anomaly(_kind_of_stale(look), appointment.pointer, (write.operation, look.operation))
                return


def _kind_of_stale(look: Look) -> str:
    if look.version:
        return "stale read"
    return "missing in a search" if isinstance(look.operation.action, Search) else "invented 404"


def _going_back(known: Histories, appointment: Appointment) -> Iterator[Anomaly]:
    """Who looks later sees no earlier version, also of a write that nobody acknowledged."""
    for one, other in combinations(appointment.looks, 2):
        if other.version < one.version and _must_know(known, one.operation, other.operation):
            yield Anomaly("read going back", appointment.pointer, (one.operation, other.operation))
            return


def _must_know(known: Histories, earlier: Operation, later: Operation) -> bool:
    return earlier.before(later) and not known.reset_between(earlier, later)


def _phantoms(known: Histories, operations: Sequence[Operation]) -> Iterator[Anomaly]:
    """Nothing is shown that nobody had proposed by then: neither an appointment of this patient, nor its version."""
    proposed = {each.action.mark: each for each in operations if isinstance(each.action, Update)}
    for operation, entry in entries_seen(operations):
        appointment = known.by_pointer.get(entry.pointer)
        registered = appointment is not None and not operation.before(appointment.proposed)
        update = proposed.get(entry.mark)
        updated = entry.version == 1 or (update is not None and not operation.before(update))
        if not (registered and updated) or _of_another(operation, appointment):
            yield Anomaly("phantom", f"{entry}", (operation,))


def _of_another(operation: Operation, appointment: Appointment | None) -> bool:
    searched = operation.action.patient if isinstance(operation.action, Search) else None
    return searched is not None and appointment is not None and searched != appointment.patient


def _two_winners(operations: Sequence[Operation]) -> Iterator[Anomaly]:
    """Of all updates that expect one version of one appointment, one is done."""
    winners: dict[tuple[str, int], list[Operation]] = defaultdict(list)
    for operation in operations:
        if isinstance(operation.action, Update) and operation.outcome == Done():
            winners[operation.action.pointer, operation.action.expected].append(operation)
    for (pointer, _), done in winners.items():
        if len(done) > 1:
            yield Anomaly("two winners", pointer, tuple(done))


def _missing_workspace(operations: Sequence[Operation]) -> Iterator[Anomaly]:
    """Once a workspace was made it is there, until somebody ends it."""
    made = [each for each in operations if isinstance(each.action, Make) and each.outcome == Done()]
    ends = [each for each in operations if each.forgets]
    for operation in operations:
        if isinstance(operation.outcome, Nowhere):
            latest = max((each for each in made if each.before(operation)), key=_ended, default=None)
            if latest is not None and not _between(ends, latest, operation):
                yield Anomaly("missing workspace", operation.workspace, (latest, operation))
                return


def _ghost_workspace(operations: Sequence[Operation]) -> Iterator[Anomaly]:
    """Once a workspace was ended, nothing is done or seen in it until somebody makes it again."""
    ended = [each for each in operations if isinstance(each.action, End) and each.outcome in (Done(), Gone())]
    makes = [each for each in operations if isinstance(each.action, Make) and not each.only_looks]
    for operation in operations:
        if operation not in makes and not isinstance(operation.outcome, Nowhere | Gone | Unknown):
            latest = max((each for each in ended if each.before(operation)), key=_ended, default=None)
            if latest is not None and not _between(makes, latest, operation):
                yield Anomaly("ghost workspace", operation.workspace, (latest, operation))
                return


def _ended(operation: Operation) -> float:
    return operation.ended


def _between(some: Sequence[Operation], earlier: Operation, later: Operation) -> bool:
    """Return whether one of them may have been done after the first began and before the other ended."""
    return any(each.ended >= earlier.began and each.began <= later.ended for each in some)
