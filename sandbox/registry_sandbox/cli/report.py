"""Findings as a compiler would write them, a line each, or as JSON.

Source: operator.md, `validate`; the form `file:line: severity: message` is the one that editors jump by.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from registry_sandbox.fhir.finding import Finding

ReportFormat = Literal["text", "json"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What was found in one file, in document order; `file` is its name as the user gave it, `-` for standard input."""

    file: str
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """Count the findings that make the resource invalid."""
        return sum(finding.severity == "error" for finding in self.findings)


def exit_status(reports: Iterable[FileReport]) -> int:
    """Give 0 where no file has an error, else 1."""
    return 1 if any(report.errors for report in reports) else 0


def render(reports: list[FileReport], wanted: ReportFormat) -> str:
    """Write the reports, without a newline at the end."""
    return as_json(reports) if wanted == "json" else as_text(reports)


def as_text(reports: list[FileReport]) -> str:
    """Write a line for each finding, one for each file without any, and a last one that counts."""
    lines = [line for report in reports for line in _lines(report)]
    errors = sum(report.errors for report in reports)
    invalid = sum(1 for report in reports if report.errors)
    lines.append(f"{_count(len(reports), 'file')}, {invalid} invalid, {_count(errors, 'error')}")
    return "\n".join(lines)


def _lines(report: FileReport) -> list[str]:
    if not report.findings:
        return [f"{report.file}: valid"]
    return [_line(report.file, finding) for finding in report.findings]


def _line(file: str, finding: Finding) -> str:
    place = ":".join(str(each) for each in (file, finding.line, finding.column) if each is not None)
    at = f" ({finding.location})" if finding.location else ""
    message = " ".join(finding.message.split())
    return f"{place}: {finding.severity}: {message}{at}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def as_json(reports: list[FileReport]) -> str:
    """Write a list with an object for each file: `file`, `valid`, `findings`; absent members have nothing to say."""
    return json.dumps([_object(report) for report in reports], ensure_ascii=False, indent=2)


def _object(report: FileReport) -> dict[str, object]:
    return {
        "file": report.file,
        "valid": not report.errors,
        "findings": [_finding(finding) for finding in report.findings],
    }


def _finding(finding: Finding) -> dict[str, object]:
    members = {
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
        "location": finding.location,
        "line": finding.line,
        "column": finding.column,
        "source": finding.source,
    }
    return {name: value for name, value in members.items() if value not in {"", None}}
