"""A report as JSON, and read back from it. docs/verdict.schema.json describes the document."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Literal

from registry_sandbox.verdict.finding import Finding, Grade, Level, Requirement
from registry_sandbox.verdict.report import Accepted, Coverage, JournalExtent, Met, Report, RuleGrade, State
from registry_sandbox.verdict.reports.members import Member, UnreadableReport
from registry_sandbox.verdict.summary import summary

_FORMATS = Literal["json", "xml"]
_DIGITS = 15  # of the number of an exchange


def render(report: Report) -> str:
    """Write a report as JSON, in ASCII: whatever a client sent can be written."""
    return json.dumps(document(report), indent=2) + "\n"


def document(report: Report) -> dict[str, Any]:
    """Return a report in the shape of its JSON document; `summary` is counted from the rest."""
    numbers = summary(report)
    return {
        "summary": {**dataclasses.asdict(numbers), "coverage_percent": numbers.percent},
        "clients": list(report.clients),
        "rules": [dataclasses.asdict(each) for each in report.rules],
        "findings": [_finding(each) for each in report.findings],
        "accepted": [{**_finding(each.finding), "because": each.because} for each in report.accepted],
        "coverage": {
            "outcomes": [dataclasses.asdict(each) for each in report.coverage.outcomes],
            "requirements": {name: list(rules) for name, rules in report.coverage.requirements.items()},
        },
        "journal": dataclasses.asdict(report.journal),
        "exchanges": {str(number): dict(exchange) for number, exchange in report.exchanges.items()},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    members = {**dataclasses.asdict(finding), "exchanges": list(finding.exchanges)}
    return {name: value for name, value in members.items() if value is not None}


def read(text: str) -> Report:
    """Read a report from its JSON document.

    Raises:
        UnreadableReport: the text is no such document; the message names the place.
    """
    try:
        whole = Member(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise UnreadableReport(f"the report is not JSON: {error}") from error
    journal = whole["journal"]
    return Report(
        rules=tuple(_read_rule(each) for each in whole["rules"].each()),
        findings=tuple(_read_finding(each) for each in whole["findings"].each()),
        coverage=_read_coverage(whole["coverage"]),
        journal=JournalExtent(journal["first"].number(), journal["last"].number(), journal["dropped"].number()),
        clients=tuple(each.text() for each in whole["clients"].each()),
        exchanges=_read_exchanges(whole["exchanges"]),
        accepted=tuple(
            Accepted(_read_finding(each), each["because"].text()) for each in whole.get("accepted", []).each()
        ),
    )


def _read_rule(member: Member) -> RuleGrade:
    return RuleGrade(
        id=member["id"].text(),
        sentence=member["sentence"].text(),
        level=member["level"].one_of(Level),
        grade=member["grade"].one_of(Grade),
        requirement=_read_requirement(member["requirement"]),
        message=member["message"].text(),
        occurred=member["occurred"].number(),
    )


def _read_finding(member: Member) -> Finding:
    return Finding(
        rule=member["rule"].text(),
        level=member["level"].one_of(Level),
        grade=member["grade"].one_of(Grade),
        client=member["client"].text(),
        appointment=member["appointment"].text() if "appointment" in member.object() else None,
        message=member["message"].text(),
        exchanges=tuple(each.number() for each in member["exchanges"].each()),
        requirement=_read_requirement(member["requirement"]),
        replay=member["replay"].text(),
    )


def _read_requirement(member: Member) -> Requirement:
    return Requirement(member["text"].text(), member["source"].text())


def _read_coverage(member: Member) -> Coverage:
    outcomes = (
        Met(
            interaction=each["interaction"].text(),
            status=each["status"].number(),
            format=each["format"].one_of(_FORMATS),
            state=each["state"].one_of(State),
        )
        for each in member["outcomes"].each()
    )
    requirements = {name: tuple(rule.text() for rule in rules.each()) for name, rules in member["requirements"].items()}
    return Coverage(tuple(outcomes), requirements)


def _read_exchanges(member: Member) -> Mapping[int, Mapping[str, Any]]:
    exchanges = {}
    for name, exchange in member.items():
        if not (name.isascii() and name.isdigit() and len(name) <= _DIGITS):
            raise UnreadableReport(f"exchanges has the key {name[:40]!r}; expected the number of an exchange")
        exchanges[int(name)] = exchange.object()
    return exchanges
