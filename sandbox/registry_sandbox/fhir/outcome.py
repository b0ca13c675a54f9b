"""OperationOutcome, with the codings that the Spine profile requires.

Source: FHIR STU3, OperationOutcome; Spine-OperationOutcome-1; CodeSystem Spine-ErrorOrWarningCode-1 (1.6.0).
"""

from collections.abc import Iterable
from typing import Any

from registry_sandbox.fhir.json import legible

SPINE_PROFILE = "https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1"
SPINE_CODES = "https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1"

SPINE_DISPLAY = {
    "ACCESS DENIED": "Access has been denied to process this request",
    "BAD_REQUEST": "Bad request",
    "CONFLICTING_VALUES": "Conflicting values have been specified in different fields",
    "DUPLICATE_REJECTED": "Create would lead to creation of a duplicate resource",
    "FHIR_CONSTRAINT_VIOLATION": "FHIR constraint violated",
    "INTERNAL_SERVER_ERROR": "Unexpected internal server error",
    "INVALID_IDENTIFIER_SYSTEM": "Invalid identifier system",
    "INVALID_NHS_NUMBER": "Invalid NHS number",
    "INVALID_PARAMETER": "Invalid parameter",
    "INVALID_REQUEST_MESSAGE": "Invalid request message",
    "INVALID_RESOURCE": "Invalid validation of resource",
    "MESSAGE_NOT_WELL_FORMED": "Message not well formed",
    "MISSING_OR_INVALID_HEADER": "There is a required header missing or invalid",
    "MSG_RESOURCE_ID_FAIL": "Client is not permitted to assign an id",
    "NOT_IMPLEMENTED": "Not implemented",
    "NO_RECORD_FOUND": "No record found",
    "RESOURCE_CREATED": "New resource created",
    "RESOURCE_UPDATED": "Resource has been successfully updated",
    "UNSUPPORTED_MEDIA_TYPE": "Unsupported media type",
}
"""The displays of the Spine codes that the sandbox uses, as the CodeSystem publishes them."""


def spine_issue(*, severity: str, code: str, spine_code: str, diagnostics: str, location: str = "") -> dict[str, Any]:
    """Return one issue as the Spine profile requires it: exactly one coding, and no `expression`."""
    coding = {"system": SPINE_CODES, "code": spine_code, "display": SPINE_DISPLAY[spine_code]}
    plain = plain_issue(severity=severity, code=code, diagnostics=diagnostics, location=location)
    return {"severity": severity, "code": code, "details": {"coding": [coding]}, **plain}


def plain_issue(*, severity: str, code: str, diagnostics: str, location: str = "") -> dict[str, Any]:
    """Return one issue without a Spine coding, as `$validate` answers."""
    # Diagnostics quote what a client sent: a header may have bytes that are not text, a query any character.
    issue: dict[str, Any] = {"severity": severity, "code": code}
    if diagnostics:
        issue["diagnostics"] = legible(diagnostics)
    if location:
        issue["location"] = [legible(location)]
    return issue


def spine_outcome(issues: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return an OperationOutcome that conforms to the Spine profile, and claims it."""
    return {"resourceType": "OperationOutcome", "meta": {"profile": [SPINE_PROFILE]}, "issue": list(issues)}


def plain_outcome(issues: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return an OperationOutcome that claims no profile."""
    return {"resourceType": "OperationOutcome", "issue": list(issues)}
