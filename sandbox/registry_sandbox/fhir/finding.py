"""A finding: one thing that is wrong with, or worth saying of, a resource or a request."""

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
    `source` names who says so: a profile's canonical URL, an invariant's key, a rule.
    `spine_code` is set only where it differs from that of the error which carries the finding.
    """

    code: IssueType
    message: str
    location: str = ""
    severity: Severity = "error"
    line: int | None = None
    source: str = ""
    spine_code: str = ""
    column: int | None = None
