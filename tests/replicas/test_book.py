"""The sequential specification, case by case: the checker can be no better than it."""

import pytest

from tests.replicas.book import EMPTY, Book, step, step_in_workspace
from tests.replicas.check import anomalies
from tests.replicas.history import (
    Absent,
    Action,
    Conflict,
    Done,
    End,
    Entry,
    Gone,
    Make,
    Nowhere,
    Operation,
    Outcome,
    Read,
    Register,
    Registered,
    Reset,
    Taken,
    Unchangeable,
    Unknown,
    Update,
)
from tests.replicas.test_planted_anomalies import after

_BOOKED, _CANCELLED = Entry("x", "p", 1), Entry("x", "p", 2, "a")
_OTHER = Entry("x", "q", 1)
_ENDS: tuple[Outcome, ...] = (Done(), Absent(), Conflict(), Unchangeable())
_NOBODY_SAW = after(0, Register("P", "unseen"), Unknown())
_RESET = after(1, Reset(), Done())
_REGISTERED = after(2, Register("P", "p"), Registered("x"))


def names(*history: Operation) -> list[str]:
    """Return what is found in a history, by name."""
    return [each.name for each in anomalies(history)]


@pytest.mark.parametrize(
    ("book", "expected", "ends", "then"),
    [
        ({_BOOKED}, 1, Done(), {Entry("x", "p", 2, "new")}),
        ({_BOOKED}, 2, Conflict(), {_BOOKED}),
        ({_CANCELLED}, 1, Conflict(), {_CANCELLED}),
        ({_CANCELLED}, 2, Unchangeable(), {_CANCELLED}),
        ({_OTHER}, 1, Unchangeable(), {_OTHER}),
        ({_OTHER}, 2, Conflict(), {_OTHER}),
        (set(), 1, Absent(), set()),
    ],
)
def test_an_update_ends_in_one_way(book: set[Entry], expected: int, ends: Outcome, then: set[Entry]) -> None:
    """Any other end is impossible; of one that is unknown the effect is the same."""
    update = Update("x", "p", expected, "new")
    for outcome in _ENDS:
        after_it = frozenset(then) if outcome == ends else None
        assert step(frozenset(book), after(0, update, outcome)) == after_it
    assert step(frozenset(book), after(0, update, Unknown())) == frozenset(then)


@pytest.mark.parametrize(("book", "then"), [(EMPTY, frozenset({_BOOKED})), (frozenset({_OTHER}), None)])
def test_a_register_gives_an_id_that_nothing_has(book: Book, then: Book | None) -> None:
    """What has an id keeps it, until a reset."""
    assert step(book, after(0, Register("P", "p"), Registered("x"))) == then


def test_a_refusal_is_excused_by_what_nobody_saw_after_a_reset_alone() -> None:
    """Before a reset ids do not change hands; and without anything unseen there is nothing to excuse it."""
    refused = after(3, Update("x", "p", 1, "a"), Unchangeable())
    assert names(_NOBODY_SAW, _RESET, refused) == []
    assert names(_NOBODY_SAW, refused) == ["no order explains"]
    assert names(_RESET, refused) == ["no order explains"]


def test_a_refusal_is_not_excused_where_something_else_has_the_id() -> None:
    """Then nothing unseen can have it."""
    refused = after(3, Update("x", "p", 1, "a"), Conflict())
    assert names(_NOBODY_SAW, _RESET, _REGISTERED, refused) == ["no order explains"]


_NORTH: Book = frozenset({_BOOKED})


@pytest.mark.parametrize(
    ("action", "outcome", "from_nowhere", "from_there"),
    [
        (Make(), Done(), EMPTY, None),
        (Make(), Taken(), None, _NORTH),
        (Make(), Unknown(), EMPTY, _NORTH),
        (End(), Done(), None, Nowhere()),
        (End(), Nowhere(), Nowhere(), None),
        (End(), Gone(), Nowhere(), Nowhere()),
        (End(), Unknown(), Nowhere(), Nowhere()),
        (Read("x"), Nowhere(), Nowhere(), None),
        (Read("x"), Absent(), None, None),
        (Read("y"), Absent(), None, _NORTH),
        (Register("P", "q"), Nowhere(), Nowhere(), None),
        (Register("P", "q"), Registered("y"), None, _NORTH | {Entry("y", "q", 1)}),
        (Update("x", "p", 1, "a"), Unknown(), Nowhere(), frozenset({_CANCELLED})),
        (Reset(), Done(), None, EMPTY),
    ],
)
def test_a_workspace_is_there_or_not(
    action: Action, outcome: Outcome, from_nowhere: Book | Nowhere | None, from_there: Book | Nowhere | None
) -> None:
    """It is made empty, whatever it held before it was ended; only what is there holds anything."""
    operation = after(0, action, outcome, "north")
    assert step_in_workspace(Nowhere(), operation) == from_nowhere
    assert step_in_workspace(_NORTH, operation) == from_there
