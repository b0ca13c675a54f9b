"""A report in the Static Analysis Results Interchange Format, which code hosts and editors read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from registry_sandbox import __version__
from registry_sandbox.verdict.finding import Finding, Level
from registry_sandbox.verdict.report import Report, RuleGrade
from registry_sandbox.verdict.reports.characters import visible
from registry_sandbox.verdict.reports.exchange_lines import line_of
from registry_sandbox.verdict.summary import headline, judged

_LEVELS: Final[Mapping[Level, str]] = {"must": "error", "should": "warning"}
_SANDBOX: Final = "SANDBOX"


def render(report: Report) -> str:
    """Write a log of one run: every rule, and a result for each finding."""
    results = [_result(report, each) for each in report.findings]
    results += [
        {**_result(report, each.finding), "suppressions": [_suppression(each.because)]} for each in report.accepted
    ]
    log = log_of_one_run([_rule(each) for each in report.rules], results)
    run = log["runs"][0]
    run["originalUriBaseIds"] = {_SANDBOX: {"description": {"text": "The root of the sandbox that the client called"}}}
    run["properties"] = {"summary": headline(report), "judged": judged(report)}
    return json.dumps(log, indent=2) + "\n"


def log_of_one_run(rules: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a log of one run of this tool with these rules and results."""
    driver = {"name": "registry-sandbox", "version": __version__, "rules": list(rules)}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": list(results)}
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _rule(rule: RuleGrade) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": visible(rule.sentence)},
        "fullDescription": {"text": visible(f"{rule.requirement.text} ({rule.requirement.source})")},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {"grade": rule.grade, "occurred": rule.occurred},
    }


def _result(report: Report, finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        **_kind(finding),
        "message": {"text": visible(finding.message)},
        "locations": [_location(report, number) for number in finding.exchanges],
        "properties": {
            "client": visible(finding.client),
            **({"appointment": visible(finding.appointment)} if finding.appointment else {}),
            **({"replay": visible(finding.replay)} if finding.replay else {}),
        },
    }


def _kind(finding: Finding) -> dict[str, str]:
    """Return kind and level; what is not decided has the kind `open`, and then the format wants the level `none`."""
    if finding.grade == "inconclusive":
        return {"kind": "open", "level": "none"}
    return {"kind": "fail", "level": _LEVELS[finding.level]}


def _location(report: Report, number: int) -> dict[str, Any]:
    journal = {"uri": f"_sandbox/journal/{number}", "uriBaseId": _SANDBOX}
    return {
        "physicalLocation": {"artifactLocation": journal},
        "logicalLocations": [{"fullyQualifiedName": f"exchange {number}: {line_of(report, number)}"}],
    }


def _suppression(because: str) -> dict[str, str]:
    return {"kind": "external", **({"justification": visible(because)} if because else {})}
