"""Whether a report is good enough: which findings are too bad, what was not reached, and the rules that it knows."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final, Literal

from registry_sandbox.verdict.finding import Finding, Grade
from registry_sandbox.verdict.report import SCENARIO, Report
from registry_sandbox.verdict.summary import summary

FailOn = Literal["fail", "warning"]

_TOO_BAD: Final[dict[FailOn, tuple[Grade, ...]]] = {"fail": ("fail",), "warning": ("fail", "warning")}
_UNREACHED: Final[tuple[Grade, ...]] = ("not exercised", "inconclusive")


class UnknownRule(Exception):
    """No rule has this id; the message names the nearest one."""


def too_bad(report: Report, fail_on: FailOn) -> tuple[Finding, ...]:
    """Return the findings that are as bad as `fail_on`, or worse; those that are accepted are not among them."""
    return tuple(each for each in report.findings if each.grade in _TOO_BAD[fail_on])


def unreached(report: Report, require: Sequence[str] = (), min_coverage: float | None = None) -> list[str]:
    """Return a sentence for each thing that was demanded and not reached.

    Args:
        report: the report.
        require: ids of rules that must have come to a result.
        min_coverage: in percent. If it is None and no rule is required, anything at all must have been exercised.
    """
    reasons = [*_rules_without_result(report, require), *_too_little(report, min_coverage)]
    if not require and min_coverage is None and not summary(report).exercised:
        reasons.append("nothing was exercised: no rule came to a result")
    return reasons


def _rules_without_result(report: Report, require: Sequence[str]) -> Iterator[str]:
    for rule in report.rules:
        if rule.id in require and rule.grade in _UNREACHED:
            why = f": {rule.message}" if rule.message else ""
            name = f"scenario {rule.id.removeprefix(SCENARIO)}" if rule.is_scenario else f"rule {rule.id}"
            yield f"the {name} is {rule.grade}{why}"


def _too_little(report: Report, min_coverage: float | None) -> Iterator[str]:
    counts = summary(report)
    # Compared without rounding: 59.9 % is not 60 %, though neither is shown with a fraction.
    if min_coverage is not None and counts.met * 100 < min_coverage * counts.outcomes:
        yield f"the coverage is {counts.percent} % ({counts.met} of {counts.outcomes} outcomes), not {min_coverage:g} %"


def require_known(report: Report, rules: Iterable[str]) -> None:
    """Do nothing if all these are ids of rules.

    Raises:
        UnknownRule: one is not.
    """
    known = [rule.id for rule in report.rules]
    for each in rules:
        if each not in known:
            nearest = get_close_matches(each, known, n=1, cutoff=0.4)
            hint = f"did you mean {nearest[0]}?" if nearest else "`registry-sandbox verdict --format json` lists them"
            raise UnknownRule(f"there is no rule {each[:120]!r}; {hint}")
