"""The checker can be trusted: it accepts what is right, and agrees with trying every order."""

import math
import random
from itertools import chain, combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers

from tests.replicas.book import EMPTY, Book, step, step_in_workspace
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
    Unchangeable,
    Unknown,
    Update,
)
from tests.replicas.invented import right_history
from tests.replicas.linearizability import Undecided, unexplained

_V1, _A, _B = Entry("x", "p", 1), Entry("x", "p", 2, "a"), Entry("x", "p", 2, "b")
_SEEN = [Found(frozenset({each})) for each in (_V1, _A, _B)]
Ends = list[tuple[Action, list[Outcome]]]
_ENDS: Ends = [
    (Register("P", "p"), [Registered("x")]),
    (Update("x", "p", 1, "a"), [Done(), Absent(), Conflict(), Unchangeable(), Unknown()]),
    (Update("x", "p", 1, "b"), [Done(), Absent(), Conflict(), Unchangeable(), Unknown()]),
    (Update("x", "p", 2, "c"), [Unchangeable(), Conflict(), Unknown()]),
    (Read("x"), [Absent(), *_SEEN]),
    (Search("P"), [Found(EMPTY), *_SEEN]),
    (Reset(), [Done(), Unknown()]),
]
_ENDS_IN_WORKSPACE: Ends = [
    (Make(), [Done(), Done(), Taken(), Unknown()]),
    (End(), [Done(), Nowhere(), Gone(), Unknown()]),
    (Read("x"), [Nowhere(), Absent()]),
    (Search("P"), [Nowhere(), Found(EMPTY)]),
    (Register("P", "p"), [Nowhere(), Registered("x")]),
    *((action, [Nowhere(), *outcomes]) for action, outcomes in _ENDS[1:3]),
]
_BEGINNINGS = [(EMPTY, _ENDS), (Nowhere(), _ENDS_IN_WORKSPACE)]


def drawn(chance: random.Random, ends: Ends) -> list[Operation]:
    """Return a short history that may be right or wrong."""
    history = []
    for client in range(chance.randint(1, 6)):
        action, outcomes = chance.choice(ends)
        outcome = chance.choice(outcomes)
        began = chance.randrange(6)
        ended = math.inf if isinstance(outcome, Unknown) else began + chance.randrange(4)
        history.append(Operation(str(client), began, ended, action, outcome))
    return history


def has_an_order(history: list[Operation], begins: Book | Nowhere) -> bool:
    """Try every order of every choice of what never ended."""
    ended = [each for each in history if not math.isinf(each.ended)]
    never = [each for each in history if math.isinf(each.ended)]
    choices = chain.from_iterable(combinations(never, size) for size in range(len(never) + 1))
    return any(explains(order, begins) for choice in choices for order in permutations([*ended, *choice]))


def explains(order: tuple[Operation, ...], begins: Book | Nowhere) -> bool:
    """Say whether an order keeps real time, and every answer is right in it."""
    if any(later.before(earlier) for earlier, later in combinations(order, 2)):
        return False
    book = begins
    for operation in order:
        after = step_in_workspace(book, operation)
        if after is None:
            return False
        book = after
    return True


@pytest.mark.parametrize(("begins", "ends"), _BEGINNINGS)
@settings(max_examples=1000)
@given(seed=integers(0, 2**32))
def test_it_agrees_with_trying_every_order(seed: int, begins: Book | Nowhere, ends: Ends) -> None:
    """On short histories, right and wrong ones, of the registry and of a workspace that comes and goes."""
    history = drawn(random.Random(seed), ends)
    assert (unexplained(history, begins, step_in_workspace) is None) == has_an_order(history, begins)


@pytest.mark.parametrize(("begins", "ends"), _BEGINNINGS)
def test_short_histories_are_right_and_wrong(begins: Book | Nowhere, ends: Ends) -> None:
    """So that the comparison above says something: a fair share of both."""
    right = sum(has_an_order(drawn(random.Random(seed), ends), begins) for seed in range(500))
    assert 100 < right < 400


@pytest.mark.parametrize("workspace", ["", "north"])
@pytest.mark.parametrize("resets", [False, True])
@settings(max_examples=200)
@given(seed=integers(0, 2**32))
def test_it_accepts_what_a_right_registry_answers(seed: int, resets: bool, workspace: str) -> None:  # noqa: FBT001
    """With lost answers, late writes, resets, ids that change hands, and workspaces that are ended and made again."""
    assert anomalies(right_history(seed, 80, resets=resets, workspace=workspace)) == []


def test_it_is_quick_where_many_race() -> None:
    """Ten at once, of whom one wins: 3,628,800 orders, and hardly any of them is tried."""
    book = Operation("0", 0, 1, Register("P", "p"), Registered("x"))
    race = [Operation(f"{n}", 2, 3, Update("x", "p", 1, f"m{n}"), Conflict()) for n in range(9)]
    winner = Operation("9", 2, 3, Update("x", "p", 1, "m9"), Done())
    assert unexplained([book, *race, winner], EMPTY, step, steps_at_most=100) is None


def test_it_gives_up_rather_than_run_for_ever() -> None:
    """And says so, as a finding of the whole check too."""
    history = right_history(1, 80)
    with pytest.raises(Undecided):
        unexplained(history, EMPTY, step, steps_at_most=10)


def test_it_says_where_it_was_stuck() -> None:
    """With the state that it had come to, and what could not be next."""
    register = Operation("0", 0, 1, Register("P", "p"), Registered("x"))
    wrong = Operation("1", 2, 3, Read("x"), Absent())
    failed = unexplained([register, wrong], EMPTY, step)
    assert failed is not None
    assert (failed.state, failed.stuck) == (frozenset({_V1}), (wrong,))
