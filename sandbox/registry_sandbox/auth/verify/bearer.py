"""The one bearer token of a request, taken from its Authorization header.

Source: Registry overview (security); RFC 6750 section 2.1; RFC 9110 sections 11.1 and 11.6.2.
"""

from collections.abc import Sequence

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.http.errors import AccessDenied

MAX_CREDENTIALS = 16_384
"""Characters of the Authorization header's value that are looked at; a longer one is refused unread."""

LOCATION = "http.Authorization"

_EXPECTED = "expected one header 'Authorization: Bearer <JWT>'"


def denied(*messages: str) -> AccessDenied:
    """Make the refusal that carries these messages, each located at the Authorization header."""
    return AccessDenied(findings=[Finding("forbidden", message, LOCATION) for message in messages])


def require_bearer_token(authorization: Sequence[str]) -> str:
    """Give the token of the only Authorization header; `authorization` holds the values of all of them.

    Raises:
        AccessDenied: there is not exactly one header, or it is not `Bearer` followed by one ASCII word.
    """
    if not authorization:
        raise denied(f"The Authorization header is missing; {_EXPECTED} (a token in the query or the body is not read)")
    if len(authorization) > 1:
        raise denied(f"There are {len(authorization)} Authorization headers; {_EXPECTED}")
    credentials = authorization[0].strip(" \t")
    if not credentials:
        raise denied(f"The Authorization header is empty; {_EXPECTED}")
    if len(credentials) > MAX_CREDENTIALS:
        raise denied(f"The Authorization header is too long; expected at most {MAX_CREDENTIALS} characters")
    if not credentials.isascii():
        raise denied(f"The Authorization header is not ASCII; {_EXPECTED}")
    scheme, _, token = credentials.partition(" ")
    if scheme.lower() != "bearer":  # RFC 9110 11.1: the scheme's case does not matter
        raise denied(f"The scheme of the Authorization header is not Bearer; {_EXPECTED}")
    token = token.lstrip(" ")
    if not token:
        raise denied(f"There is no token after Bearer; {_EXPECTED}")
    if not token.isprintable() or " " in token:
        raise denied(f"There is white space or a control character inside the token; {_EXPECTED}")
    return token
