"""What the registry should do, as a sequential specification: one step of one operation on a set of entries."""

from tests.replicas.history import (
    Absent,
    Conflict,
    Done,
    End,
    Entry,
    Found,
    Gone,
    Make,
    Nowhere,
    Operation,
    Outcome,
    Read,
    Refused,
    Register,
    Registered,
    Reset,
    Search,
    Unchangeable,
    Unknown,
    Update,
)

Book = frozenset[Entry]
"""The appointments of one patient, or the one that has an id; each as it is now."""

EMPTY: Book = frozenset()


def step(book: Book, operation: Operation) -> Book | None:
    """Return the book after an operation, or None if its outcome is impossible with this book."""
    match operation.action, operation.outcome:
        case Reset(), _:
            return EMPTY
        case Search(), Found(entries):
            return book if entries == book else None
        case Read(), Found(entries):
            return book if entries <= book else None
        case Read(name), Absent():
            return book if _current(book, name) is None else None
        case Register(_, pointer), Registered(name):
            return book | {Entry(name, pointer, 1)} if _current(book, name) is None else None
        case Update() as update, outcome:
            return _updated(book, update, outcome)
        case _:
            raise TypeError(f"an operation that has no such outcome: {operation}")


def step_in_workspace(now: Book | Nowhere, operation: Operation) -> Book | Nowhere | None:
    """Return what there is after an operation where there may be no workspace; None if its outcome is impossible."""
    return _step_nowhere(operation) if isinstance(now, Nowhere) else _step_inside(now, operation)


def _step_nowhere(operation: Operation) -> Book | Nowhere | None:
    match operation.action, operation.outcome:
        case Make(), Done() | Unknown():
            return EMPTY
        case _, Nowhere() | Gone() | Unknown():
            return Nowhere()
    return None


def _step_inside(book: Book, operation: Operation) -> Book | Nowhere | None:
    match operation.action, operation.outcome:
        case (_, Nowhere()) | (Make(), Done()):
            return None
        case Make(), _:
            return book
        case End(), _:
            return Nowhere()
    return step(book, operation)


def required(current: Entry | None, update: Update) -> Outcome:
    """Return how an update of what is current must end. The order is that of the checks of the contract."""
    if current is None:
        return Absent()
    if current.version != update.expected:
        return Conflict()
    if current.pointer != update.pointer or current.mark:
        return Unchangeable()
    return Done()


def _updated(book: Book, update: Update, outcome: Outcome) -> Book | None:
    current = _current(book, update.id)
    ends = required(current, update)
    if isinstance(outcome, Refused):
        return book if current is None or ends == outcome.answer else None
    if outcome not in (ends, Unknown()):
        return None
    if current is None or ends != Done():
        return book
    return book - {current} | {Entry(update.id, update.pointer, update.expected + 1, update.mark)}


def _current(book: Book, name: str) -> Entry | None:
    return next((entry for entry in book if entry.id == name), None)
