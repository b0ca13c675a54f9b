"""Findings as a compiler would write them, a line each, and in the forms that tools read.

Source: operator.md, `validate`; the form `file:line:column: severity: message` is the one that editors jump by.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from registry_sandbox.cli.schema_verdict import SchemaVerdict
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.verdict.reports.characters import escaped
from registry_sandbox.verdict.summary import counted

ReportFormat = Literal["text", "json", "sarif", "github"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What was found in one file, in document order.

    `file` is its name as the user gave it, `-` for standard input. `schema` is the verdict of the user's own schema.
    """

    file: str
    findings: tuple[Finding, ...]
    schema: SchemaVerdict | None = None

    @property
    def errors(self) -> int:
        """Count the findings that make the resource invalid."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def is_invalid(self) -> bool:
        """Return whether the profiles, or the user's schema, refuse the file."""
        return bool(self.errors or (self.schema and self.schema.complaints))

    def every(self) -> tuple[Finding, ...]:
        """Return the findings, and after them what the user's schema says."""
        return (*self.findings, *(self.schema.complaints if self.schema else ()))


def exit_status(reports: Iterable[FileReport]) -> int:
    """Return 0 if no file is invalid, else 1."""
    return 1 if any(report.is_invalid for report in reports) else 0


def render(reports: Sequence[FileReport], wanted: ReportFormat, *, encoding: str = "utf-8") -> str:
    """Write the reports, without a newline at the end, in characters that an encoding has; others are escaped."""
    return _RENDERERS[wanted](reports, encoding)


def as_text(reports: Sequence[FileReport], encoding: str = "utf-8") -> str:
    """Write a line for each finding, one for each file without any, and a last one that counts."""
    lines = [line for report in reports for line in _lines(report)]
    return "\n".join(_shown(line, encoding) for line in [*lines, _summary(reports)])


def _lines(report: FileReport) -> list[str]:
    lines = [_line(report.file, finding) for finding in report.every()]
    if report.schema:
        by_profiles = "invalid" if report.errors else "valid"
        by_schema = "invalid" if report.schema.complaints else "valid"
        lines.append(f"{report.file}: {by_profiles} by the profiles, {by_schema} by {report.schema.name}")
    return lines or [f"{report.file}: valid"]


def _line(file: str, finding: Finding) -> str:
    place = ":".join(str(part) for part in (file, finding.line, finding.column) if part is not None)
    at = f" ({finding.location})" if finding.location else ""
    message = " ".join(finding.message.split())
    return f"{place}: {finding.severity}: {message}{at}"


def _summary(reports: Sequence[FileReport]) -> str:
    errors = sum(report.errors for report in reports)
    invalid = sum(report.is_invalid for report in reports)
    return f"{counted(len(reports), 'file')}, {invalid} invalid, {counted(errors, 'error')}"


def _shown(line: str, encoding: str) -> str:
    """Escape what a terminal cannot show, and what would make it do something."""
    plain = "".join(each if each.isprintable() else escaped(each) for each in line)
    return plain.encode(encoding, "backslashreplace").decode(encoding)


def as_json(reports: Sequence[FileReport], encoding: str = "utf-8") -> str:
    """Write a list with an object for each file: `file`, `valid`, `findings`; absent members have nothing to say."""
    return _json([_object(report) for report in reports], encoding)


def _json(content: object, encoding: str) -> str:
    every_character = encoding.lower().replace("-", "").replace("_", "").startswith("utf")
    return json.dumps(content, ensure_ascii=not every_character, indent=2)


def _object(report: FileReport) -> dict[str, object]:
    found = {"file": report.file, "valid": not report.errors, "findings": [_finding(each) for each in report.findings]}
    if report.schema is None:
        return found
    complaints = [_finding(each) for each in report.schema.complaints]
    return {**found, "schema": {"file": report.schema.file, "valid": not complaints, "findings": complaints}}


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


def as_github(reports: Sequence[FileReport], encoding: str = "utf-8") -> str:
    """Write a workflow command for each finding, which GitHub shows beside the line, and a last line that counts.

    Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    lines = [_command(report.file, finding) for report in reports for finding in report.every()]
    return "\n".join(_shown(line, encoding) for line in [*lines, _summary(reports)])


def _command(file: str, finding: Finding) -> str:
    kind = "notice" if finding.severity == "information" else finding.severity
    facts = {"file": file, "line": finding.line, "col": finding.column, "title": finding.source or finding.code}
    stated = ",".join(f"{name}={_property(str(value))}" for name, value in facts.items() if value is not None)
    at = f" ({finding.location})" if finding.location else ""
    return f"::{kind} {stated}::{_data(finding.message + at)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _as_sarif(reports: Sequence[FileReport], encoding: str) -> str:
    from registry_sandbox.cli.sarif import sarif_log

    return _json(sarif_log([(report.file, report.every()) for report in reports]), encoding)


_RENDERERS: Mapping[ReportFormat, Callable[[Sequence[FileReport], str], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": _as_sarif,
    "github": as_github,
}
