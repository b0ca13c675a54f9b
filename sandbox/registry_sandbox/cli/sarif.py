"""Findings in the Static Analysis Results Interchange Format, which code hosts and editors read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.verdict.reports.sarif import log_of_one_run

_LEVELS = {"error": "error", "warning": "warning", "information": "note"}


def sarif_log(files: Sequence[tuple[str, Iterable[Finding]]]) -> dict[str, Any]:
    """Return a log of one run: the rules that were met, and a result for each finding."""
    results = [_result(file, finding) for file, findings in files for finding in findings]
    return log_of_one_run([{"id": name} for name in dict.fromkeys(each["ruleId"] for each in results)], results)


def _result(file: str, finding: Finding) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(file)}}
    if finding.line is not None:
        column = {} if finding.column is None else {"startColumn": finding.column}
        physical["region"] = {"startLine": finding.line, **column}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.location:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.location}]
    return {
        "ruleId": _rule(finding),
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [location],
    }


def _rule(finding: Finding) -> str:
    """Return the key of an invariant; of anything else, the type of the issue."""
    return finding.source if finding.code == "invariant" and finding.source else finding.code


def _uri(file: str) -> str:
    if file == "-":
        return "stdin"
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
