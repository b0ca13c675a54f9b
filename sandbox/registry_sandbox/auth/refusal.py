"""The one refusal of every token: 403, located at the Authorization header.

Source: Registry overview (403 for a missing or invalid token).
"""

from typing import Final

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.http.errors import AccessDenied

LOCATION: Final = "http.Authorization"


def denied(*messages: str) -> AccessDenied:
    """Return the refusal with one finding for each message."""
    return AccessDenied(findings=[Finding("forbidden", message, LOCATION) for message in messages])
