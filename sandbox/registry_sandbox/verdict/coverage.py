"""Coverage: each documented outcome of each interaction, in both formats, and the requirements that rules cover."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from registry_sandbox.api.interactions import declared
from registry_sandbox.fhir.resource import Format
from registry_sandbox.verdict.report import Coverage, Met
from registry_sandbox.verdict.requirements import REQUIREMENTS
from registry_sandbox.verdict.rule import Rule
from registry_sandbox.verdict.seen import Seen

_FORMATS: Final[tuple[Format, ...]] = ("json", "xml")

_Outcome = tuple[str, int, Format]


def coverage(
    seen: Iterable[Seen], rules: Collection[Rule], *, handled: Collection[int], faulted: Collection[int]
) -> Coverage:
    """Return how much of the contract was met.

    Args:
        seen: the exchanges.
        rules: all rules.
        handled: the numbers of the exchanges that show that a rule was kept.
        faulted: the numbers of the exchanges that show that one was broken.
    """
    numbers: dict[_Outcome, set[int]] = {}
    for each in seen:
        if each.status is not None:
            numbers.setdefault((each.interaction, each.status, each.answer_format), set()).add(each.number)
    good, bad = frozenset(handled), frozenset(faulted)
    met = tuple(_met(outcome, numbers.get(outcome, set()), good, bad) for outcome in documented())
    covered = {each: tuple(rule.id for rule in rules if each in rule.covers) for each in REQUIREMENTS}
    return Coverage(met, covered)


def _met(outcome: _Outcome, numbers: set[int], good: frozenset[int], bad: frozenset[int]) -> Met:
    if not numbers:
        return Met(*outcome, "not met")
    return Met(*outcome, "met and handled" if numbers & good and not numbers & bad else "met")


def documented() -> Iterator[_Outcome]:
    """Return every documented outcome, as the interactions declare them."""
    statuses: dict[str, dict[int, None]] = {}
    for each in declared():
        statuses.setdefault(each.code, {}).update(dict.fromkeys(map(int, each.all_statuses)))
    for interaction, its in statuses.items():
        for status in sorted(its):
            yield from ((interaction, status, form) for form in _FORMATS)
