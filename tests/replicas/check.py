"""The judgement on a history: the rules, and linearizability of each appointment and of what each patient has."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.replicas.book import EMPTY, Book, step_in_workspace
from tests.replicas.history import (
    Done,
    End,
    Found,
    Make,
    Nowhere,
    Operation,
    Read,
    Register,
    Registered,
    Reset,
    Search,
    Unknown,
    Update,
    completed,
)
from tests.replicas.linearizability import Undecided, unexplained
from tests.replicas.rules import Anomaly, broken_rules


def anomalies(observed: Sequence[Operation]) -> list[Anomaly]:
    """Return everything that is wrong with a history, in each of its workspaces."""
    found: list[Anomaly] = []
    for part in by_workspace(observed).values():
        found += _wrong(completed(part))
    return found


def _wrong(operations: Sequence[Operation]) -> Iterator[Anomaly]:
    yield from broken_rules(operations)
    for name, part in by_id(operations).items():
        yield from _without_order(f"the id {name}", part)
    for patient, part in by_patient(operations).items():
        yield from _without_order(f"the patient {patient}", part)
    life = [each for each in operations if isinstance(each.action, Make | End) or isinstance(each.outcome, Nowhere)]
    if life:
        yield from _without_order("the workspace", life)


def _without_order(about: str, operations: Sequence[Operation]) -> Iterator[Anomaly]:
    workspace = operations[0].workspace
    where = f"{about} in {workspace}" if workspace else about
    begins: Book | Nowhere = Nowhere() if workspace else EMPTY
    try:
        failed = unexplained(operations, begins, step_in_workspace)
    except Undecided:
        yield Anomaly("undecided", f"{where}: {len(operations)} operations are too many to order")
        return
    if failed:
        once = failed.state if isinstance(failed.state, Nowhere) else Found(failed.state)
        yield Anomaly("no order explains", f"{where}, once there was {once}", failed.stuck)


def by_workspace(operations: Iterable[Operation]) -> Mapping[str, list[Operation]]:
    """Return what was done in each workspace: none of it may show in another."""
    parts: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        parts[operation.workspace].append(operation)
    return parts


def by_id(operations: Sequence[Operation]) -> Mapping[str, list[Operation]]:
    """Return what was done to each id. A reset is done to all, and so are the making and the end of a workspace."""
    parts: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        match operation.action, operation.outcome:
            case ((Read(name) | Update(name)), _):
                parts[name].append(operation)
            case Register(), Registered(name):
                parts[name].append(operation)
    return _with_resets(parts, operations)


def by_patient(operations: Sequence[Operation]) -> Mapping[str, list[Operation]]:
    """Return what was done to, and seen of, all that a patient has.

    Refusals are left out, because they do not say of whom they are once an id may have changed hands; `by_id` has them.
    """
    patients = {each.action.pointer: each.action.patient for each in operations if isinstance(each.action, Register)}
    parts: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        match operation.action, operation.outcome:
            case ((Register(patient) | Search(patient)), _):
                parts[patient].append(operation)
            case Update(_, pointer), Done() | Unknown() if pointer in patients:
                parts[patients[pointer]].append(operation)
            case Read(), Found(entries):
                for entry in entries:
                    if entry.pointer in patients:
                        parts[patients[entry.pointer]].append(operation)
    return _with_resets(parts, operations)


def _with_resets(parts: dict[str, list[Operation]], operations: Sequence[Operation]) -> Mapping[str, list[Operation]]:
    of_all = [each for each in operations if isinstance(each.action, Reset | Make | End)]
    return {name: [*part, *of_all] for name, part in parts.items()}
