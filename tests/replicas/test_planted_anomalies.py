"""Every kind of anomaly is found where it is planted: by the rule of its name, and by the search for an order.

Each history is also shown without the anomaly, and then nothing is found in it.
"""

import math
from dataclasses import dataclass, replace

import pytest

from tests.replicas.check import anomalies
from tests.replicas.history import (
    Absent,
    Action,
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
    Register,
    Registered,
    Reset,
    Search,
    Taken,
    Unknown,
    Update,
)
from tests.replicas.invented import right_history

_FIRST, _SECOND = Entry("x", "p", 1), Entry("x", "p", 2, "a")


def found(*entries: Entry) -> Found:
    """Return what a read or a search showed."""
    return Found(frozenset(entries))


def after(moment: int, action: Action, outcome: Outcome, workspace: str = "") -> Operation:
    """Return an operation that begins after all of earlier moments ended."""
    ended = math.inf if isinstance(outcome, Unknown) else moment + 0.5
    return Operation("client", moment, ended, action, outcome, workspace)


def inside(moment: int, action: Action, outcome: Outcome) -> Operation:
    """Return an operation in a workspace that has a name."""
    return after(moment, action, outcome, "north")


_REGISTERED = after(0, Register("P", "p"), Registered("x"))
_CANCELLED = after(1, Update("x", "p", 1, "a"), Done())
_PERHAPS = after(1, Update("x", "p", 1, "a"), Unknown())


@dataclass(frozen=True, slots=True)
class Planted:
    """A history whose last operations are wrong, and what they should have been."""

    name: str
    before: tuple[Operation, ...]
    wrong: tuple[Operation, ...]
    right: tuple[Operation, ...]


_PLANTED = [
    Planted(
        "stale read",
        (_REGISTERED, _CANCELLED),
        (after(2, Read("x"), found(_FIRST)), after(3, Read("x"), found(_SECOND))),
        (after(2, Read("x"), found(_SECOND)), after(3, Read("x"), found(_SECOND))),
    ),
    Planted(
        "lost write",  # an update that was acknowledged is overwritten by one that never saw it
        (_REGISTERED, _CANCELLED),
        (after(2, Read("x"), found(replace(_SECOND, version=1, mark=""))),),
        (after(2, Read("x"), found(_SECOND)),),
    ),
    Planted(
        "lost write",  # a register that was acknowledged is gone
        (_REGISTERED,),
        (after(2, Search("P"), found()), after(3, Read("x"), Absent())),
        (after(2, Search("P"), found(_FIRST)), after(3, Read("x"), found(_FIRST))),
    ),
    Planted(
        "two winners",
        (_REGISTERED, _CANCELLED),
        (after(2, Update("x", "p", 1, "b"), Done()),),
        (after(2, Update("x", "p", 1, "b"), Conflict()),),
    ),
    Planted(
        "read going back",
        (_REGISTERED, _PERHAPS),
        (after(2, Read("x"), found(_SECOND)), after(3, Read("x"), found(_FIRST))),
        (after(2, Read("x"), found(_FIRST)), after(3, Read("x"), found(_SECOND))),
    ),
    Planted(
        "invented 404",
        (_REGISTERED,),
        (after(2, Read("x"), Absent()),),
        (after(2, Read("x"), found(_FIRST)),),
    ),
    Planted(
        "missing in a search",
        (_REGISTERED,),
        (after(2, Search("P"), found()), after(3, Search("P"), found(_FIRST))),
        (after(2, Search("P"), found(_FIRST)), after(3, Search("P"), found(_FIRST))),
    ),
    Planted(
        "phantom",  # nobody has proposed it
        (_REGISTERED,),
        (after(2, Search("P"), found(_FIRST, Entry("y", "q", 1))),),
        (after(2, Search("P"), found(_FIRST)),),
    ),
    Planted(
        "phantom",  # it is proposed only afterwards
        (_REGISTERED,),
        (after(2, Search("P"), found(_FIRST, Entry("y", "q", 1))), after(3, Register("P", "q"), Registered("y"))),
        (after(2, Search("P"), found(_FIRST)), after(3, Register("P", "q"), Registered("y"))),
    ),
    Planted(
        "phantom",  # a version that is proposed only afterwards
        (_REGISTERED,),
        (after(2, Read("x"), found(_SECOND)), after(3, Update("x", "p", 1, "a"), Done())),
        (after(2, Read("x"), found(_FIRST)), after(3, Update("x", "p", 1, "a"), Done())),
    ),
    Planted(
        "invented 404",  # a reset that comes later is no excuse
        (_REGISTERED,),
        (after(2, Read("x"), Absent()), after(3, Reset(), Done())),
        (after(2, Read("x"), found(_FIRST)), after(3, Reset(), Done())),
    ),
    Planted(
        "phantom",  # of another patient
        (_REGISTERED,),
        (after(2, Search("Q"), found(_FIRST)),),
        (after(2, Search("Q"), found()),),
    ),
    Planted(
        "phantom",  # a version that nobody wrote
        (_REGISTERED,),
        (after(2, Read("x"), found(_SECOND)),),
        (after(2, Read("x"), found(_FIRST)),),
    ),
]

_MADE = inside(0, Make(), Done())
_INSIDE = inside(1, Register("P", "p"), Registered("x"))
_ENDED = inside(2, End(), Done())
_AGAIN = inside(3, Make(), Done())

_PLANTED_IN_WORKSPACES = [
    Planted(
        "missing workspace",  # a replica does not know of it
        (_MADE,),
        (inside(1, Search("P"), Nowhere()),),
        (inside(1, Search("P"), found()),),
    ),
    Planted(
        "missing workspace",  # it is not there any more, though nobody has ended it
        (_MADE, _INSIDE),
        (inside(2, Read("x"), Nowhere()), inside(3, End(), Done())),
        (inside(2, Read("x"), found(_FIRST)), inside(3, End(), Done())),
    ),
    Planted(
        "ghost workspace",  # a replica does not know of its end
        (_MADE, _INSIDE, _ENDED),
        (inside(3, Read("x"), found(_FIRST)),),
        (inside(3, Read("x"), Nowhere()),),
    ),
    Planted(
        "ghost workspace",  # it was ended, and cannot be made
        (_MADE, _ENDED),
        (inside(3, Make(), Taken()),),
        (inside(3, Make(), Done()),),
    ),
    Planted(
        "ghost workspace",  # the store was emptied
        (_MADE, _INSIDE, inside(2, End(), Gone())),
        (inside(3, Register("P", "q"), Registered("y")),),
        (inside(3, Register("P", "q"), Nowhere()),),
    ),
    Planted(
        "lost write",
        (_MADE, _INSIDE),
        (inside(2, Search("P"), found()),),
        (inside(2, Search("P"), found(_FIRST)),),
    ),
    Planted(
        "two winners",
        (_MADE, _INSIDE, inside(2, Update("x", "p", 1, "a"), Done())),
        (inside(3, Update("x", "p", 1, "b"), Done()),),
        (inside(3, Update("x", "p", 1, "b"), Conflict()),),
    ),
    Planted(
        "phantom",  # it is in another workspace
        (_MADE, after(0, Make(), Done(), "south"), after(1, Register("P", "p"), Registered("x"), "south")),
        (inside(2, Search("P"), found(_FIRST)),),
        (inside(2, Search("P"), found()),),
    ),
    Planted(
        "phantom",  # it is in the workspace without a name
        (_MADE, after(1, Register("P", "p"), Registered("x"))),
        (inside(2, Search("P"), found(_FIRST)),),
        (inside(2, Search("P"), found()),),
    ),
]
_ALL_PLANTED = [*_PLANTED, *_PLANTED_IN_WORKSPACES]


def names(history: tuple[Operation, ...]) -> set[str]:
    """Return what is found, by name."""
    return {each.name for each in anomalies(history)}


@pytest.mark.parametrize("planted", _ALL_PLANTED, ids=lambda each: each.name)
def test_it_is_found_by_its_name_and_no_order_explains_it(planted: Planted) -> None:
    """By both, each without the other's help."""
    assert {planted.name, "no order explains"} <= names((*planted.before, *planted.wrong))


@pytest.mark.parametrize("planted", _ALL_PLANTED, ids=lambda each: each.name)
def test_nothing_is_found_without_it(planted: Planted) -> None:
    """The rest of the history is right."""
    assert names((*planted.before, *planted.right)) == set()


@pytest.mark.parametrize("planted", _ALL_PLANTED, ids=lambda each: each.name)
def test_it_is_found_in_a_long_history(planted: Planted) -> None:
    """Among hundreds of operations that are right."""
    around = [*right_history(7, 400), *right_history(8, 400, workspace="west")]
    moved = (replace(each, began=each.began + 200, ended=each.ended + 200) for each in planted.before + planted.wrong)
    assert {planted.name, "no order explains"} <= names((*around, *moved))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        # An entry that a reset forgot comes back.
        ((after(2, Read("x"), found(_FIRST)),), (after(2, Read("x"), Absent()),)),
        # Two searches disagree about the order of two registers: no rule has a name for it, and no order explains it.
        (
            (
                Operation("1", 2, 9, Register("P", "q"), Registered("y")),
                Operation("2", 2, 9, Register("P", "r"), Registered("z")),
                after(3, Search("P"), found(Entry("y", "q", 1))),
                Operation("4", 3, 3.5, Search("P"), found(Entry("z", "r", 1))),
            ),
            (
                Operation("1", 2, 9, Register("P", "q"), Registered("y")),
                Operation("2", 2, 9, Register("P", "r"), Registered("z")),
                after(3, Search("P"), found(Entry("y", "q", 1))),
                Operation("4", 3, 3.5, Search("P"), found(Entry("y", "q", 1), Entry("z", "r", 1))),
            ),
        ),
    ],
)
def test_the_search_for_an_order_finds_what_no_rule_names(
    wrong: tuple[Operation, ...], right: tuple[Operation, ...]
) -> None:
    """Which is why there are both."""
    reset = after(1, Reset(), Done())
    assert names((_REGISTERED, reset, *wrong)) == {"no order explains"}
    assert names((_REGISTERED, reset, *right)) == set()


def test_a_lost_answer_of_a_register_is_no_anomaly_however_it_ended() -> None:
    """It may be seen, then and later; or never."""
    perhaps = after(0, Register("P", "p"), Unknown())
    seen = (after(2, Search("P"), found()), after(3, Search("P"), found(_FIRST)), after(4, Read("x"), found(_FIRST)))
    assert names((perhaps, *seen)) == set()
    assert names((perhaps, after(2, Search("P"), found()))) == set()
    assert "read going back" in names((perhaps, *seen, after(5, Search("P"), found())))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        # What was in the workspace before it was ended and made again comes back; so does the refusal of its update.
        (inside(4, Read("x"), found(_FIRST)), inside(4, Read("x"), Absent())),
        (inside(4, Update("x", "p", 2, "b"), Conflict()), inside(4, Update("x", "p", 2, "b"), Absent())),
        # Two make it, and both are told that they did.
        (inside(4, Make(), Done()), inside(4, Make(), Taken())),
    ],
)
def test_the_search_for_an_order_finds_the_life_before_in_a_workspace(wrong: Operation, right: Operation) -> None:
    """No rule has a name for it."""
    again = (_MADE, _INSIDE, _ENDED, _AGAIN)
    assert names((*again, wrong)) == {"no order explains"}
    assert names((*again, right)) == set()


def test_a_workspace_whose_making_or_end_was_not_answered_may_be_there_or_not() -> None:
    """Once, and from then on; it does not come and go."""
    perhaps = inside(0, Make(), Unknown())
    there, nowhere = inside(2, Search("P"), found()), inside(3, Search("P"), Nowhere())
    assert names((perhaps, there)) == names((perhaps, nowhere)) == set()
    assert names((perhaps, there, nowhere)) == {"no order explains"}
    assert names((perhaps, there, inside(1, End(), Unknown()), nowhere)) == set()
