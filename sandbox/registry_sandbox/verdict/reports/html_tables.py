"""The tables of the HTML report: the rules with their grades, and the coverage."""

from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from registry_sandbox.verdict.finding import Grade
from registry_sandbox.verdict.report import Met, Report, RuleGrade, State
from registry_sandbox.verdict.reports.by_rule import WORST_FIRST
from registry_sandbox.verdict.reports.markup import element
from registry_sandbox.verdict.requirements import worded

_KINDS: Final[Mapping[State, str]] = {"met and handled": "pass", "met": "met", "not met": "unmet"}


def rules(report: Report, *, scenarios: bool = False) -> Iterator[Element]:
    """Yield the table of the rules, or of the scenarios of an exam; the worst grades first."""
    chosen = [each for each in report.rules if each.is_scenario == scenarios]
    ordered = sorted(chosen, key=lambda rule: WORST_FIRST.index(rule.grade))
    if ordered:
        header = _header("grade", "scenario" if scenarios else "rule", "level", "times")
        yield element("table", header, element("tbody", *map(_rule, ordered)))


def _rule(rule: RuleGrade) -> Element:
    more = [element("p", rule.message, class_="soft")] if rule.message else []
    return element(
        "tr",
        element("td", element("span", rule.grade, class_=f"grade {_class(rule.grade)}")),
        element("td", rule.sentence, *more, class_="text"),
        element("td", rule.level),
        element("td", str(rule.occurred), class_="number"),
    )


def _class(grade: Grade) -> str:
    return "unmet" if grade == "not exercised" else grade


def coverage(report: Report) -> Iterator[Element]:
    """Yield the table of the documented outcomes: a row for each interaction and format, the statuses by state."""
    rows: dict[tuple[str, str], list[Met]] = {}
    for outcome in report.coverage.outcomes:
        rows.setdefault((outcome.interaction, outcome.format), []).append(outcome)
    if rows:
        head = _header("interaction", "format", *_KINDS)
        yield element("table", head, element("tbody", *(_outcomes(*key, outcomes) for key, outcomes in rows.items())))


def _outcomes(interaction: str, wanted: str, outcomes: list[Met]) -> Element:
    by_state = (
        element("td", ", ".join(str(each.status) for each in outcomes if each.state == state) or "-", class_=kind)
        for state, kind in _KINDS.items()
    )
    return element("tr", element("td", interaction, class_="any"), element("td", wanted.upper()), *by_state)


def uncovered(report: Report) -> Iterator[Element]:
    """Yield the list of the requirements that no rule covers."""
    left = [name for name, covering in report.coverage.requirements.items() if not covering]
    if left:
        yield element("ul", *(element("li", worded(name)) for name in left))


def _header(*names: str) -> Element:
    return element("thead", element("tr", *(element("th", name, scope="col") for name in names)))
