"""Whether a history is linearizable: some order of its operations explains every answer and keeps real time.

The search of Wing and Gong with Lowe's memory: what was reached once, the same operations done with the same state as
their result, is not searched again. An operation that never ended may be done at any time after its call, or never.

Sources: J. Wing, C. Gong, "Testing and Verifying Concurrent Objects", 1993;
G. Lowe, "Testing for Linearizability", 2017.
"""

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tests.replicas.history import Operation

State = TypeVar("State", bound=Hashable)
Step = Callable[[State, Operation], State | None]
"""Returns the state after an operation, or None if its answer is impossible in this state."""


class Undecided(Exception):
    """The search has taken as many steps as it may."""


@dataclass(frozen=True, slots=True)
class Unexplained(Generic[State]):
    """No order explains the history.

    Attributes:
        state: what the longest explanation that was found comes to.
        stuck: the operations of which none can be the next.
    """

    state: State
    stuck: tuple[Operation, ...]


def unexplained(
    operations: Sequence[Operation], initial: State, step: Step[State], *, steps_at_most: int = 200_000
) -> Unexplained[State] | None:
    """Return None if the history is linearizable, else where every order fails.

    Raises:
        Undecided: after so many steps.
    """
    return _Search(operations, step, steps_at_most).run(initial)


class _Search(Generic[State]):
    """A search in depth. A set of operations is a number that has a bit for each, those that have ended first."""

    def __init__(self, operations: Sequence[Operation], step: Step[State], steps_at_most: int) -> None:
        in_order = sorted(operations, key=lambda each: (math.isinf(each.ended), each.began))
        self._operations = in_order
        self._ended = sum(not math.isinf(each.ended) for each in in_order)
        self._step = step
        self._steps_left = steps_at_most
        self._furthest: tuple[int, Unexplained[State] | None] = (-1, None)

    def run(self, initial: State) -> Unexplained[State] | None:
        """Search until one order explains everything, or none is left."""
        everything = (1 << self._ended) - 1
        reached: set[tuple[int, State]] = set()
        ahead = [(0, initial)]
        while ahead:
            done, state = ahead.pop()
            done, changed = self._without_change(done, state)
            if done & everything == everything:
                return None
            if (done, state) not in reached:
                reached.add((done, state))
                self._note(done, state)
                ahead.extend(changed)
        return self._furthest[1]

    def _without_change(self, done: int, state: State) -> tuple[int, list[tuple[int, State]]]:
        """Do at once what only looks; return what else could be next, the best guess last.

        A look may go first whenever its answer is right: whatever is done after it finds the same state. (A reset that
        finds nothing to forget changes nothing either, but it may be meant to come later.) What never ended has no
        answer to explain, so it matters only where it changes something.
        """
        while True:
            changed = []
            seen = 0
            for index in self._candidates(done):
                self._count()
                operation = self._operations[index]
                after = self._step(state, operation)
                if after is not None and operation.only_looks:
                    seen |= 1 << index
                elif after is not None and (after != state or index < self._ended):
                    changed.append((done | 1 << index, after))
            if not seen:
                return done, changed[::-1]
            done |= seen

    def _candidates(self, done: int) -> Iterator[int]:
        """Yield what may be next: what began before everything that is not done yet had ended."""
        horizon = math.inf
        lowest = (~done & (done + 1)).bit_length() - 1
        for index in range(lowest, self._ended):
            if done >> index & 1:
                continue
            operation = self._operations[index]
            if operation.began > horizon:
                break
            horizon = min(horizon, operation.ended)
            yield index
        for index in range(self._ended, len(self._operations)):
            if not done >> index & 1 and self._operations[index].began <= horizon:
                yield index

    def _count(self) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise Undecided

    def _note(self, done: int, state: State) -> None:
        """Remember the longest explanation, for the report."""
        length = (done & ((1 << self._ended) - 1)).bit_count()
        if length > self._furthest[0]:
            stuck = tuple(self._operations[index] for index in self._candidates(done))
            self._furthest = length, Unexplained(state, stuck)
