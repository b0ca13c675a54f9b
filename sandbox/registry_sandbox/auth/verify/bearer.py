"""The one bearer token of a request, taken from its Authorization header.

Source: Registry overview (security); RFC 6750 section 2.1; RFC 9110 sections 11.1 and 11.6.2.
"""

from collections.abc import Sequence
from typing import Final

from registry_sandbox.auth.refusal import denied

MAX_CREDENTIALS: Final = 16_384
"""The longest accepted value of the Authorization header, in characters; a longer one is refused unread."""

_EXPECTED: Final = "expected one header 'Authorization: Bearer <JWT>'"


def require_bearer_token(authorization: Sequence[str]) -> str:
    """Return the token of the only Authorization header; `authorization` has the values of all of them.

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
    return _token_of(credentials)


def _token_of(credentials: str) -> str:
    scheme, _, token = credentials.partition(" ")
    if scheme.lower() != "bearer":  # RFC 9110 section 11.1: the scheme is case-insensitive
        raise denied(f"The scheme of the Authorization header is not Bearer; {_EXPECTED}")
    token = token.lstrip(" ")
    if not token:
        raise denied(f"There is no token after Bearer; {_EXPECTED}")
    if not token.isprintable() or " " in token:
        raise denied(f"There is white space or a control character inside the token; {_EXPECTED}")
    return token
