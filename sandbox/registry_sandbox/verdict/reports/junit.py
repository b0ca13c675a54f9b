"""A report as JUnit XML, which CI systems show: a test case for each rule.

A rule that failed is a failure, one that was not exercised or is inconclusive is skipped, a warning is told in the
output of a case that passes: the format has nothing between.

Source: the schema of Jenkins' xUnit plugin (junit-10.xsd).
"""

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, indent, tostring

from registry_sandbox.verdict.finding import Finding
from registry_sandbox.verdict.report import Accepted, Report, RuleGrade
from registry_sandbox.verdict.reports.characters import one_line
from registry_sandbox.verdict.reports.exchange_lines import line_of
from registry_sandbox.verdict.reports.markup import element
from registry_sandbox.verdict.summary import counted, headline, judged


def render(report: Report) -> str:
    """Write one suite with a test case for each rule."""
    cases = [_case(report, rule) for rule in report.rules]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": "0",
    }
    skipped = str(sum(case.find("skipped") is not None for case in cases))
    suite = element("testsuite", _properties(report), *cases, name="verdict", skipped=skipped, **counts)
    suites = element("testsuites", suite, name="registry-sandbox", **counts)
    indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _properties(report: Report) -> Element:
    told = {
        "clients": ", ".join(report.clients),
        "judged": judged(report),
        "summary": headline(report),
    }
    return element("properties", *(element("property", name=name, value=value) for name, value in told.items()))


def _case(report: Report, rule: RuleGrade) -> Element:
    findings = [each for each in report.findings if each.rule == rule.id]
    accepted = [each for each in report.accepted if each.finding.rule == rule.id]
    return element(
        "testcase",
        *_result(report, rule, findings, accepted),
        classname=f"verdict.{rule.level}",
        name=one_line(rule.sentence),
        time="0",
    )


def _result(report: Report, rule: RuleGrade, findings: list[Finding], accepted: list[Accepted]) -> Iterator[Element]:
    failures = [each for each in findings if each.grade == "fail"]
    others = [each for each in findings if each.grade != "fail"]
    if failures or (rule.grade == "fail" and not accepted):
        yield _failure(report, rule, failures)
    elif rule.grade == "fail":
        yield element("skipped", message=f"expected: {_because(accepted)}")
    elif rule.grade in ("inconclusive", "not exercised"):
        yield element("skipped", message=f"{rule.grade}: {one_line(rule.message or _messages(others))}")
    told = [*([rule.message] if rule.grade == "attested" else []), *(_told(report, each) for each in others)]
    if told:
        yield element("system-out", "\n\n".join(told))


def _failure(report: Report, rule: RuleGrade, failures: list[Finding]) -> Element:
    more = f" (and {counted(len(failures) - 1, 'more finding')})" if len(failures) > 1 else ""
    message = one_line(failures[0].message if failures else rule.message) + more
    return element("failure", "\n\n".join(_told(report, each) for each in failures), type=rule.id, message=message)


def _because(accepted: list[Accepted]) -> str:
    return "; ".join(dict.fromkeys(one_line(each.because or each.finding.message) for each in accepted))


def _messages(findings: Iterable[Finding]) -> str:
    return "; ".join(each.message for each in findings)


def _told(report: Report, finding: Finding) -> str:
    about = f"{finding.client or 'a client without a name'}{f', {finding.appointment}' if finding.appointment else ''}"
    lines = [
        f"{finding.grade} ({finding.rule}): {about}: {finding.message}",
        *(f"  {number}  {line_of(report, number)}" for number in finding.exchanges),
        f'Required: "{finding.requirement.text}" ({finding.requirement.source})',
        *(["To provoke it again (--fault-file):", finding.replay.rstrip("\n")] if finding.replay else []),
    ]
    return "\n".join(lines)
