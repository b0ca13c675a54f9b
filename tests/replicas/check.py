"""The judgement on a history: the rules, and linearizability of each appointment and of what each patient has."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tests.replicas.book import EMPTY, step
from tests.replicas.history import (
    Done,
    Found,
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
    """Return everything that is wrong with a history."""
    operations = completed(observed)
    found = list(broken_rules(operations))
    for name, part in by_id(operations).items():
        found += _without_order(f"the id {name}", part)
    for patient, part in by_patient(operations).items():
        found += _without_order(f"the patient {patient}", part)
    return found


def _without_order(about: str, operations: Sequence[Operation]) -> Iterator[Anomaly]:
    try:
        failed = unexplained(operations, EMPTY, step)
    except Undecided:
        yield Anomaly("undecided", f"{about}: {len(operations)} operations are too many to order")
        return
    if failed:
        yield Anomaly("no order explains", f"{about}, once there was {Found(failed.state)}", failed.stuck)


def by_id(operations: Sequence[Operation]) -> Mapping[str, list[Operation]]:
    """Return what was done to each id. A reset is done to all."""
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
    resets = [each for each in operations if isinstance(each.action, Reset)]
    return {name: [*part, *resets] for name, part in parts.items()}
