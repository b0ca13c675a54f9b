"""Histories to test the checker with: right ones, made by a registry that is right by construction."""

import math
import random
from dataclasses import dataclass, field

from tests.replicas.book import EMPTY, Book, required
from tests.replicas.history import (
    Absent,
    Action,
    Done,
    End,
    Entry,
    Found,
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


@dataclass(slots=True)
class Registry:
    """A registry that does one operation after the other.

    Attributes:
        there: whether there is such a workspace.
    """

    books: dict[str, Book] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)
    registered: int = 0
    there: bool = True

    def perform(self, action: Action) -> Outcome:
        """Do an operation, and return how it ended."""
        if isinstance(action, Make):
            outcome, self.there = Taken() if self.there else Done(), True
            return outcome
        return self._do(action) if self.there else Nowhere()

    def _do(self, action: Action) -> Outcome:
        match action:
            case Register(patient, pointer):
                self.registered += 1
                self.patients[pointer] = patient
                return self._put(Entry(f"id{self.registered}", pointer, 1))
            case Read(name):
                current = self.current(name)
                return Found(frozenset({current})) if current else Absent()
            case Search(patient):
                return Found(self.books.get(patient, EMPTY))
            case Update():
                return self._update(action)
            case Make():
                raise TypeError("there is a workspace already")
        self.books.clear()
        self.registered = 0  # so that ids change hands, as those of the sandbox do
        self.there = isinstance(action, Reset)
        return Done()

    def current(self, name: str) -> Entry | None:
        """Return what has an id."""
        return next((entry for book in self.books.values() for entry in book if entry.id == name), None)

    def _update(self, update: Update) -> Outcome:
        current = self.current(update.id)
        outcome = required(current, update)
        if current and outcome == Done():
            self.books[self.patients[current.pointer]] -= {current}
            self._put(Entry(update.id, update.pointer, update.expected + 1, update.mark))
        return outcome

    def _put(self, entry: Entry) -> Outcome:
        patient = self.patients[entry.pointer]
        self.books[patient] = self.books.get(patient, EMPTY) | {entry}
        return Registered(entry.id)


def right_history(seed: int, count: int, *, resets: bool = False, workspace: str = "") -> list[Operation]:
    """Return what some clients saw of a registry that did each operation at one instant between call and answer.

    Some answers are lost, and some writes are not done until long after their call, or never. The clients know what
    they have seen, and do not forget it with a reset: then they ask for ids that others have by now. A workspace that
    has a name is not there at first; they make it and end it.
    """
    chance = random.Random(seed)
    registry = Registry(there=not workspace)
    late: list[Action] = []
    history = []
    known: dict[str, Entry] = {}
    for moment in range(count):
        if late and chance.random() < 0.2:
            registry.perform(late.pop())
        action = _action(list(known.values()), chance, moment, resets=resets, comes_and_goes=bool(workspace))
        began, ended = moment - chance.uniform(0, 3), moment + chance.uniform(0, 3)
        if not isinstance(action, Read | Search) and chance.random() < 0.15:
            if chance.random() < 0.5:
                late.append(action)
            else:
                registry.perform(action)
            history.append(Operation(f"{moment % 5}", began, math.inf, action, Unknown(), workspace))
        else:
            outcome = registry.perform(action)
            history.append(Operation(f"{moment % 5}", began, ended, action, outcome, workspace))
            known |= {entry.pointer: entry for entry in _told(action, outcome)}
    return history


def _told(action: Action, outcome: Outcome) -> frozenset[Entry]:
    match action, outcome:
        case Register(_, pointer), Registered(name):
            return frozenset({Entry(name, pointer, 1)})
        case _, Found(entries):
            return entries
    return EMPTY


def _action(known: list[Entry], chance: random.Random, moment: int, *, resets: bool, comes_and_goes: bool) -> Action:
    if resets and chance.random() < 0.05:
        return Reset()
    if comes_and_goes and chance.random() < 0.15:
        return Make() if chance.random() < 0.7 else End()
    drawn = chance.random()
    if drawn < 0.25 or not known:
        return Register(f"patient{chance.randrange(2)}", f"p{moment}")
    if drawn < 0.4:
        return Search(f"patient{chance.randrange(2)}")
    entry = chance.choice(known)
    if drawn < 0.65:
        return Read(entry.id)
    return Update(entry.id, entry.pointer, chance.choice((1, 1, entry.version)), f"m{moment}")
