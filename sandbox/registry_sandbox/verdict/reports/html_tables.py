"""The tables of the HTML report: the rules with their grades, and the coverage."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from registry_sandbox.verdict.finding import Grade
from registry_sandbox.verdict.report import Met, Report, RuleGrade
from registry_sandbox.verdict.reports.markup import element

_WORST_FIRST = ("fail", "warning", "inconclusive", "pass", "attested", "not exercised")


def rules(report: Report) -> Iterator[Element]:
    """Yield the table of the rules, the worst grades first."""
    ordered = sorted(report.rules, key=lambda rule: _WORST_FIRST.index(rule.grade))
    if ordered:
        yield element("table", _header("grade", "rule", "level", "times"), element("tbody", *map(_rule, ordered)))


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
    """Yield the table of the documented outcomes, a column for each format."""
    rows: dict[tuple[str, int], dict[str, Met]] = {}
    for outcome in report.coverage.outcomes:
        rows.setdefault((outcome.interaction, outcome.status), {})[outcome.format] = outcome
    if rows:
        head = _header("interaction", "status", "JSON", "XML")
        yield element("table", head, element("tbody", *(_outcomes(*key, cells) for key, cells in rows.items())))


def _outcomes(interaction: str, status: int, cells: dict[str, Met]) -> Element:
    return element(
        "tr",
        element("td", interaction, class_="text"),
        element("td", str(status)),
        _state(cells, "json"),
        _state(cells, "xml"),
    )


def _state(cells: dict[str, Met], wanted: str) -> Element:
    state = cells[wanted].state if wanted in cells else ""
    kinds = {"met and handled": "pass", "met": "", "not met": "unmet", "": "unmet"}
    return element("td", state or "-", class_=kinds[state])


def uncovered(report: Report) -> Iterator[Element]:
    """Yield the list of the requirements that no rule covers."""
    left = [name for name, covering in report.coverage.requirements.items() if not covering]
    if left:
        yield element("ul", *(element("li", name) for name in left))


def _header(*names: str) -> Element:
    return element("thead", element("tr", *(element("th", name, scope="col") for name in names)))
