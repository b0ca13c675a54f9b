"""A finding: one thing that is wrong with, or worth saying about, a resource or a request."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "information"]

IssueType = Literal[
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "forbidden",
    "not-supported",
    "duplicate",
    "not-found",
    "too-long",
    "code-invalid",
    "extension",
    "business-rule",
    "conflict",
    "exception",
    "throttled",
    "timeout",
    "transient",
    "processing",
    "informational",
]


class Finding(NamedTuple):
    """What was found and what was expected, where.

    `location` is an XPath into the body (`/f:Appointment/f:participant[1]`; for a missing element its parent) or
    `http.<name>` for a header or parameter; empty where there is no place. `line` and `column` count from 1 in the
    body that was sent; only places in JSON have a column.
    `source` is what requires it: a profile's canonical URL, an invariant's key, a rule.
    `spine_code` is set only if it differs from the code of the error that has the finding.
    """

    code: IssueType
    message: str
    location: str = ""
    severity: Severity = "error"
    line: int | None = None
    source: str = ""
    spine_code: str = ""
    column: int | None = None


MOST_FINDINGS = 100
"""How many findings a refusal lists; one more counts the rest."""

_MOST_CHARACTERS = 30_000
_LONGEST_MESSAGE = 2_000
_LONGEST_LOCATION = 500


def bounded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, or as many of them as an answer lists, and one more that counts the rest.

    Together they have at most 30,000 characters, so that an outcome stays below 256 KB even if much is escaped.
    """
    kept: list[Finding] = []
    characters = rest = 0
    for each in findings:
        counted = _REST.fullmatch(each.message)
        if counted:  # the step that found them has left some out already
            rest += int(counted[1])
            continue
        finding = _cut(each)
        characters += len(finding.message) + len(finding.location)
        if rest or len(kept) == MOST_FINDINGS or characters > _MOST_CHARACTERS:
            rest += 1
        else:
            kept.append(finding)
    return (*kept, left_out(rest, kept[-1].severity)) if rest else tuple(kept)


def left_out(count: int, severity: Severity = "error", code: IssueType = "processing") -> Finding:
    """Return the finding that stands for `count` others."""
    return Finding(code, f"... and {count} more", severity=severity)


_REST = re.compile(r"\.\.\. and (\d+) more")


def _cut(finding: Finding) -> Finding:
    if len(finding.message) <= _LONGEST_MESSAGE and len(finding.location) <= _LONGEST_LOCATION:
        return finding
    message, location = finding.message, finding.location
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}... ({len(message)} characters)"
    return finding._replace(message=message, location=location if len(location) <= _LONGEST_LOCATION else "")
