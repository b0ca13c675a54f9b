"""A rule about clients: a sentence, its level, its requirement, and a function that looks at one client's exchanges.

Each rule is one module in `rules/`. The function yields an observation for every time that its precondition occurred.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.evidence import Evidence, Unfired
from registry_sandbox.verdict.finding import Level, Requirement
from registry_sandbox.verdict.requirements import REQUIREMENTS
from registry_sandbox.verdict.seen import Seen


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule has seen once.

    Attributes:
        outcome: the client kept the rule, broke it, or nobody can tell.
        exchanges: the numbers of the exchanges that show it, in order.
        message: what was seen and what was expected; where it is unclear, what would make it clear.
        appointment: the logical id that it is about; None where there is none.
        looks_back: whether it rests on something missing from what came before.
    """

    outcome: Literal["kept", "broken", "unclear"]
    exchanges: tuple[int, ...]
    message: str = ""
    appointment: str | None = None
    looks_back: bool = False


Check = Callable[[Conversation], Iterator[Observation]]
Provokes = Callable[[Unfired], bool]


def never(_: Unfired) -> bool:
    """No fault makes the precondition occur."""
    return False


def nothing(_: Evidence) -> bool:
    """Return False: only exchanges can show it."""
    return False


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        sentence: the rule as people read it.
        level: must or should.
        requirement: what it holds a client to, with its source.
        check: looks at one client's exchanges; None for a rule that only a person can say is kept.
        covers: the ids of the requirements that it covers.
        to_exercise: what makes its precondition occur.
        provoked_by: whether a fault that has not fired would have made the precondition occur.
        shown_by: whether the evidence shows that it was kept though there is no exchange.
    """

    sentence: str
    level: Level
    requirement: Requirement
    check: Check | None
    covers: tuple[str, ...]
    to_exercise: str
    provoked_by: Provokes
    shown_by: Callable[[Evidence], bool] = nothing

    @property
    def of_the_port(self) -> bool:
        """Whether it is about a port that clients should turn away from: no exam in a workspace can exercise it."""
        return self.shown_by is not nothing

    @property
    def id(self) -> str:
        """The sentence without the parenthesis and what follows a comma or colon, hyphenated."""
        return id_of(self.sentence)


def rule(  # noqa: PLR0913 - what a rule is declared with
    sentence: str,
    level: Level,
    covers: tuple[str, ...] = (),
    *,
    to_exercise: str,
    requirement: Requirement | None = None,
    provoked_by: Provokes = never,
    shown_by: Callable[[Evidence], bool] = nothing,
) -> Callable[[Check], Rule]:
    """Declare the function below as a rule.

    Args:
        sentence: what a client does that keeps it; the id follows from it.
        level: must or should.
        covers: the ids of requirements in `requirements.py`.
        to_exercise: what a tester does so that the precondition occurs; it completes "To exercise it, ...".
        requirement: what the findings quote; by default the first requirement that the rule covers.
        provoked_by: whether a fault that has not fired would have made the precondition occur.
        shown_by: whether the evidence shows that it was kept though there is no exchange.
    """
    quoted = REQUIREMENTS[covers[0]] if requirement is None else requirement
    return lambda check: Rule(sentence, level, quoted, check, covers, to_exercise, provoked_by, shown_by)


def attested(sentence: str, level: Level, covers: tuple[str, ...], *, to_exercise: str) -> Rule:
    """Declare a rule that no server can see: a person says that it is kept."""
    return Rule(sentence, level, REQUIREMENTS[covers[0]], None, covers, to_exercise, never)


def id_of(sentence: str) -> str:
    """Return the id of a sentence."""
    shortened = re.split(r"[,:]", re.sub(r"\s*\([^)]*\)", "", sentence))[0]
    return "-".join(re.findall(r"[a-z0-9]+", shortened.lower()))


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule that a module of `rules/` declares, in the order of the files' names."""
    package = import_module("registry_sandbox.verdict.rules")
    modules = [import_module(f"{package.__name__}.{each.name}") for each in iter_modules(package.__path__)]
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, Rule))


def kept(*seen: Seen) -> Observation:
    """Return that a client kept a rule, as these exchanges show."""
    return Observation("kept", _numbers(seen), appointment=_appointment(seen))


def broken(message: str, *seen: Seen, looks_back: bool = False) -> Observation:
    """Return that a client broke a rule; `looks_back` where something earlier that is missing might explain it."""
    return Observation("broken", _numbers(seen), message, _appointment(seen), looks_back)


def unclear(message: str, *seen: Seen) -> Observation:
    """Return that nobody can tell; the message says what would make it clear."""
    return Observation("unclear", _numbers(seen), message, _appointment(seen))


def in_one_run(client: Conversation, message: str, first: Seen, *further: Seen) -> Observation | None:
    """Return that a client broke a rule within one run; None for two runs; unclear where nobody can tell."""
    one_run = client.one_run(first, further[-1])
    if one_run is None:
        return unclear(f"{message} {WHICH_RUN}", first, *further)
    return broken(message, first, *further) if one_run else None


WHICH_RUN = (
    "Nobody can tell whether one process of the client did both: they share no connection and no token. "
    "Ask with ?since= the number before the run began, and all after it counts as one run."
)


def _numbers(seen: tuple[Seen, ...]) -> tuple[int, ...]:
    return tuple(sorted({each.number for each in seen}))


def _appointment(seen: tuple[Seen, ...]) -> str | None:
    return next((each.appointment for each in reversed(seen) if each.appointment), None)
