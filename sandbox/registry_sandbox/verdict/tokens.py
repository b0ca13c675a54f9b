"""The tokens that clients send and are given, without their text: only what the rules compare.

Nothing is verified here: a token that the registry refused tells whose it was, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from registry_sandbox.auth.jws import read_jws
from registry_sandbox.http.errors import AccessDenied
from registry_sandbox.verdict.bodies import json_object

DEFAULT_LIFETIME_S = 3600.0


@dataclass(frozen=True, slots=True)
class Token:
    """A token.

    Attributes:
        digest: tells tokens apart; the token cannot be found from it.
        client: whom it names.
        scope: the requested scope of a Spine token; empty for others.
        begins_s, expires_s: its times on the sandbox's clock; None where it has none.
        lifetime_s: how long the token endpoint said that it lasts; None for a token from elsewhere.
    """

    digest: str
    client: str = ""
    scope: str = ""
    begins_s: float | None = None
    expires_s: float | None = None
    lifetime_s: float | None = None


_ANY_TIME_S = 1e12


class Tokens:
    """Reads the tokens of one verdict, each once."""

    def __init__(self) -> None:
        self._known: dict[str, Token | None] = {}

    def of_header(self, authorization: str) -> Token | None:
        """Return the token of an Authorization header; None where it has no bearer token."""
        if authorization not in self._known:
            scheme, _, text = authorization.strip().partition(" ")
            self._known[authorization] = _token(text.strip()) if scheme.lower() == "bearer" and text.strip() else None
        return self._known[authorization]

    def of_answer(self, body: bytes) -> Token | None:
        """Return the token that the token endpoint answered with; None where it did not."""
        answer = json_object(body)
        text = answer.get("access_token")
        return _token(text, _seconds(answer.get("expires_in"))) if isinstance(text, str) else None


def _token(text: str, lifetime_s: float | None = None) -> Token:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    try:
        claims = read_jws(text).claims
    except (AccessDenied, ValueError):
        return Token(digest, lifetime_s=lifetime_s)
    scope = claims.get("requested_scope")
    return Token(
        digest,
        _client_of(claims),
        scope if isinstance(scope, str) else "",
        _seconds(claims.get("nbf", claims.get("iat"))),
        _seconds(claims.get("exp")),
        lifetime_s,
    )


def _client_of(claims: Mapping[str, Any]) -> str:
    match claims:
        case {"appid": str(client)}:
            return client
        case {"requesting_device": {"identifier": [{"value": str(device)}, *_]}}:
            return device
        case _:
            return ""


def _seconds(value: object) -> float | None:
    # Azure AD writes numbers as text.
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return float(value[:12])
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _ANY_TIME_S:
        return None
    return float(value)
