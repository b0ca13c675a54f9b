"""A report as a FHIR STU3 TestReport, in JSON: a test for each rule, with an assert for each finding.

What is inconclusive or was not exercised is skipped, with a message. The result is `pending` while anything is
inconclusive, or nothing was exercised.

Source: http://hl7.org/fhir/STU3/testreport.html
"""

import json
from collections.abc import Iterator
from typing import Any, Final, Literal
from urllib.parse import quote

from registry_sandbox import __version__
from registry_sandbox.verdict.finding import Finding, Grade
from registry_sandbox.verdict.report import Report, RuleGrade
from registry_sandbox.verdict.reports.characters import one_line, visible
from registry_sandbox.verdict.reports.exchange_lines import line_of
from registry_sandbox.verdict.summary import summary

_ENGINE: Final = "urn:x-appointment-registry-sandbox"
_RESULTS: Final[dict[Grade, str]] = {
    "pass": "pass",
    "attested": "pass",
    "fail": "fail",
    "warning": "warning",
    "inconclusive": "skip",
    "not exercised": "skip",
}


def render(report: Report) -> str:
    """Write the resource. Its members stand in the order of the elements, as XML wants them."""
    resource = {
        "resourceType": "TestReport",
        "name": "The verdict of the Appointment Registry Sandbox on a client",
        "status": "completed",
        "testScript": {"display": "The rules about clients of the Appointment Registry Sandbox"},
        "result": _result(report),
        "tester": f"Appointment Registry Sandbox {__version__}",
        "participant": list(_participants(report)),
        "test": [_test(report, rule) for rule in report.rules],
    }
    return json.dumps({name: value for name, value in resource.items() if value}, indent=2) + "\n"


def _result(report: Report) -> Literal["pass", "fail", "pending"]:
    if any(finding.grade == "fail" for finding in report.findings):
        return "fail"
    numbers = summary(report)
    return "pending" if numbers.inconclusive or not numbers.exercised else "pass"


def _participants(report: Report) -> Iterator[dict[str, str]]:
    yield {"type": "test-engine", "uri": _ENGINE, "display": "Appointment Registry Sandbox"}
    for client in report.clients:
        name = one_line(client)
        yield {"type": "client", "uri": f"{_ENGINE}:client:{quote(name, safe='')}", **_some("display", name)}


def _test(report: Report, rule: RuleGrade) -> dict[str, Any]:
    asserts = [_assert(report, each, _RESULTS[each.grade]) for each in report.findings if each.rule == rule.id]
    asserts += [
        _assert(report, each.finding, "warning", f"Expected{f' ({each.because})' if each.because else ''}: ")
        for each in report.accepted
        if each.finding.rule == rule.id
    ]
    if not asserts:
        message = f"{rule.grade}: {rule.message}" if rule.message else rule.grade
        asserts = [{"result": _RESULTS[rule.grade], "message": visible(message)}]
    return {
        **_some("name", rule.id),
        **_some("description", f"{one_line(rule.sentence)} ({rule.level})"),
        "action": [{"assert": each} for each in asserts],
    }


def _assert(report: Report, finding: Finding, result: str, prefix: str = "") -> dict[str, str]:
    seen = [f"{number}: {line_of(report, number)}" for number in finding.exchanges]
    required = f"Required: {finding.requirement.text} ({finding.requirement.source})"
    client = finding.client or "a client without a name"
    return {
        "result": result,
        "message": visible(f"{prefix}{client}: {finding.message}"),
        "detail": visible("\n".join([*seen, required])),
    }


def _some(name: str, text: str) -> dict[str, str]:
    """Return a member, or nothing: FHIR has no empty strings."""
    shown = visible(text)
    return {name: shown} if shown.strip() else {}
