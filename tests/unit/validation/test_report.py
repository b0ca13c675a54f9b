"""Findings for people and for machines."""

import json

from registry_sandbox.cli.report import FileReport, exit_status, render
from registry_sandbox.fhir.finding import Finding

VALID = FileReport("good.json", ())
WARNED = FileReport(
    "warned.xml", (Finding("invariant", "ends before it starts", "/f:Appointment", "warning", 1, "reg-7"),)
)
INVALID = FileReport(
    "bad.xml",
    (
        Finding("value", "Appointment.status is\n wrong", "/f:Appointment/f:status", line=7, source="urn:profile"),
        Finding("structure", "cannot be read"),
    ),
)


def test_text_reads_like_a_compilers() -> None:
    """File, line, severity, message, place; at last a count."""
    assert render([VALID, WARNED, INVALID], "text").splitlines() == [
        "good.json: valid",
        "warned.xml:1: warning: ends before it starts (/f:Appointment)",
        "bad.xml:7: error: Appointment.status is wrong (/f:Appointment/f:status)",
        "bad.xml: error: cannot be read",
        "3 files, 1 invalid, 2 errors",
    ]


def test_json_has_every_side_of_a_finding() -> None:
    """What a finding does not have is left out."""
    valid, _, invalid = json.loads(render([VALID, WARNED, INVALID], "json"))
    assert valid == {"file": "good.json", "valid": True, "findings": []}
    assert invalid["valid"] is False
    assert invalid["findings"] == [
        {
            "severity": "error",
            "code": "value",
            "message": "Appointment.status is\n wrong",
            "location": "/f:Appointment/f:status",
            "line": 7,
            "source": "urn:profile",
        },
        {"severity": "error", "code": "structure", "message": "cannot be read"},
    ]


def test_warnings_do_not_fail() -> None:
    """The exit status tells whether a file is invalid."""
    assert exit_status([VALID, WARNED]) == 0
    assert exit_status([VALID, INVALID]) == 1
