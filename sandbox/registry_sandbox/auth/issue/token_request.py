"""The request for a token by client credentials: it is read and authenticated, or refused with an OAuth error.

Source: RFC 6749 sections 2.3.1 (client authentication), 3.2, 4.4.2 (the request), 5.2 (errors).
"""

import base64
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote_plus

from registry_sandbox.auth.clients import CLIENTS, BuiltInClient
from registry_sandbox.http.negotiation import FORM, is_form
from registry_sandbox.http.query import LONGEST_FORM, MOST_PARAMETERS

OAuthError = Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]

SCOPE_SUFFIX: Final = "/.default"


class TokenRequestRefused(Exception):
    """The token endpoint issues no token; `error` is the code of RFC 6749 section 5.2, the message its description."""

    def __init__(self, error: OAuthError, message: str) -> None:
        self.error: OAuthError = error
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """An accepted request: the authenticated client, and the registry that the token shall be for."""

    client: BuiltInClient
    audience: str


def read_token_request(
    content_type: str, authorization: str | None, body: bytes, audiences: Collection[str]
) -> TokenRequest:
    """Read a request and check, in this order: the form, the client, the grant, the scope.

    Raises:
        TokenRequestRefused: the first check that fails.
    """
    form = _read_form(content_type, body)
    client = _authenticated(*_credentials(form, authorization))
    grant_type = form.get("grant_type")
    if not grant_type:
        raise TokenRequestRefused("invalid_request", "grant_type is missing; expected client_credentials")
    if grant_type != "client_credentials":
        raise TokenRequestRefused("unsupported_grant_type", "grant_type is not supported; expected client_credentials")
    return TokenRequest(client, _audience(form.get("scope", ""), audiences))


def _read_form(content_type: str, body: bytes) -> dict[str, str]:
    if not is_form(content_type):
        raise TokenRequestRefused("invalid_request", f"Content-Type is not accepted; expected {FORM}")
    if len(body) > LONGEST_FORM:
        raise TokenRequestRefused("invalid_request", f"the form has {len(body)} bytes; expected at most {LONGEST_FORM}")
    try:
        pairs = parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise TokenRequestRefused("invalid_request", "the body is not a form; expected percent-encoded UTF-8") from None
    form = dict(pairs)
    if len(form) != len(pairs):  # section 3.2: "parameters MUST NOT be included more than once"
        raise TokenRequestRefused("invalid_request", "a parameter is repeated; expected each once")
    return form


def _credentials(form: dict[str, str], authorization: str | None) -> tuple[str, str]:
    if authorization is None:
        return form.get("client_id", ""), form.get("client_secret", "")
    if "client_secret" in form:  # section 2.3: "MUST NOT use more than one authentication method in each request"
        raise TokenRequestRefused(
            "invalid_request", "the client authenticates twice; expected either HTTP Basic or form fields"
        )
    client_id, secret = _basic(authorization)
    if form.get("client_id", client_id) != client_id:
        raise TokenRequestRefused("invalid_request", "client_id differs from that of the Authorization header")
    return client_id, secret


def _basic(authorization: str) -> tuple[str, str]:
    expected = "expected HTTP Basic, base64 of client_id:client_secret"
    scheme, _, encoded = authorization.strip(" \t").partition(" ")
    if scheme.lower() != "basic":
        raise TokenRequestRefused("invalid_client", f"the scheme of the Authorization header is not Basic; {expected}")
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        pair = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except ValueError:
        raise TokenRequestRefused("invalid_client", f"the Authorization header cannot be decoded; {expected}") from None
    if not colon:
        raise TokenRequestRefused("invalid_client", f"the credentials have no colon; {expected}")
    return pair


def _authenticated(client_id: str, secret: str) -> BuiltInClient:
    if not client_id or not secret:
        expected = "expected client_id and client_secret, as form fields or by HTTP Basic"
        raise TokenRequestRefused("invalid_client", f"the client is not authenticated; {expected}")
    client = CLIENTS.get(client_id)
    # The same answer in the same time for both, as a real issuer would: it must not reveal which ids exist.
    stated = secret.encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(stated, client.secret.encode() if client else b"") or client is None:
        raise TokenRequestRefused("invalid_client", "client_id or client_secret is wrong")
    return client


def _audience(scope: str, audiences: Collection[str]) -> str:
    audience = scope.removesuffix(SCOPE_SUFFIX)
    if audience == scope or audience not in audiences:
        expected = " or ".join(f"{known}{SCOPE_SUFFIX}" for known in sorted(audiences))
        raise TokenRequestRefused(
            "invalid_scope", f"scope {'is not known' if scope else 'is missing'}; expected {expected}"
        )
    return audience
