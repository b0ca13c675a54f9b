"""The built-in issuer: tokens in the shape of Azure AD v1, its token endpoint, its discovery document.

Source: Registry overview (security), sample token; RFC 6749 sections 5.1 and 5.2; RFC 8414 for the discovery document.
"""

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from registry_sandbox.auth.clients import BuiltInClient, require_client
from registry_sandbox.auth.issue.malformed import changed
from registry_sandbox.auth.issue.token_request import TokenRequestRefused, read_token_request
from registry_sandbox.auth.jws import base64url, write_jws
from registry_sandbox.auth.keys import ALGORITHM, KeySet, SigningKey

TENANT: Final = "6f1d1c52-5a0e-4a5e-9d0b-2f6b8f3a7e00"
BUILT_IN_ISSUER: Final = f"https://appointment-registry-sandbox.invalid/{TENANT}/"
LIFETIME_S: Final = 3600
CLOCK_ALLOWANCE_S: Final = 300
"""Azure AD dates a token back by five minutes: in the pages' sample exp = iat + 3900, and expires_in is 3600."""

_NOT_STORED: Final[Mapping[str, str]] = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_CHALLENGE: Final[Mapping[str, str]] = {"WWW-Authenticate": 'Basic realm="token endpoint", charset="UTF-8"'}


class Issuer:
    """Issues tokens for the built-in clients.

    Args:
        key: signs the tokens.
        former: keys that it has replaced, each with the instant of the sandbox's clock from which on it is not valid.
        name: the value of `iss`.
        random_bytes: returns that many bytes, for the claims that differ in each token (`aio`, `uti`).
    """

    def __init__(
        self,
        key: SigningKey,
        *,
        random_bytes: Callable[[int], bytes],
        name: str = BUILT_IN_ISSUER,
        former: Sequence[tuple[SigningKey, float]] = (),
    ) -> None:
        self._key = key
        self._former = former
        self._random_bytes = random_bytes
        self.name = name

    def issue(  # noqa: PLR0913 - each part of a token can be changed
        self,
        client_id: str,
        audience: str,
        now: float,
        *,
        expires_in: int = LIFETIME_S,
        claims: Mapping[str, object] | None = None,
        without: Collection[str] = (),
        headers: Mapping[str, object] | None = None,
    ) -> str:
        """Return a signed token that expires `expires_in` seconds after `now`.

        Args:
            client_id: a built-in client.
            audience: the registry that the token is for.
            now: the sandbox's clock, in seconds since 1970.
            expires_in: a negative number makes an expired token.
            claims: added to the claims, or put in their place.
            without: claims to leave out.
            headers: added to the header's members, or put in their place. With `alg` none there is no signature;
                otherwise the signature is RS256, whatever `alg` says.

        Raises:
            UnknownClient: there is no such client.
            NoSuchClaim: the token does not have a claim that shall be left out.
        """
        content = changed(self._claims(require_client(client_id), audience, now, expires_in), claims, without)
        header = {"typ": "JWT", "alg": ALGORITHM, "x5t": self._key.x5t, "kid": self._key.kid, **(headers or {})}
        return write_jws(header, content, (lambda _: b"") if header["alg"] == "none" else self._key.sign)

    def _claims(self, client: BuiltInClient, audience: str, now: float, expires_in: int) -> dict[str, object]:
        expires = int(now) + expires_in
        # Even an expired token must begin before it ends.
        begins = min(int(now), expires) - CLOCK_ALLOWANCE_S
        return {
            "aud": audience,
            "iss": self.name,
            "iat": begins,
            "nbf": begins,
            "exp": expires,
            "aio": base64.b64encode(self._random_bytes(30)).decode("ascii"),
            "appid": client.client_id,
            "appidacr": "1",
            "groups": list(client.groups),
            "idp": self.name,
            "oid": client.object_id,
            "sub": client.object_id,
            "tid": TENANT,
            "uti": base64url(self._random_bytes(16)),
            "ver": "1.0",
        }

    def token_endpoint(  # noqa: PLR0913 - the parts of a request, and what decides about it
        self,
        content_type: str,
        authorization: str | None,
        body: bytes,
        now: float,
        audiences: Collection[str],
        *,
        expires_in: int = LIFETIME_S,
    ) -> tuple[HTTPStatus, dict[str, str], dict[str, Any]]:
        """Return the answer to a POST to the token endpoint: status, headers, and the JSON object of the body.

        Args:
            content_type: of the request; empty if there is none.
            authorization: the Authorization header, if there is one.
            body: of the request.
            now: the sandbox's clock, in seconds since 1970.
            audiences: the names of this registry; a scope is one of them with `/.default`.
            expires_in: lifetime of the issued token in seconds. The answer always says 3600, so that the fault
                `token: expired` looks like a good answer.
        """
        try:
            request = read_token_request(content_type, authorization, body, audiences)
        except TokenRequestRefused as refused:
            return _refusal(refused)
        token = self.issue(request.client.client_id, request.audience, now, expires_in=expires_in)
        lifetime = {"expires_in": LIFETIME_S, "ext_expires_in": LIFETIME_S}
        return HTTPStatus.OK, dict(_NOT_STORED), {"token_type": "Bearer", **lifetime, "access_token": token}

    def openid_configuration(self, root_url: str) -> dict[str, Any]:
        """Return the discovery document; `root_url` is the URL of this server, without a slash at its end."""
        return {
            "issuer": self.name,
            "authorization_endpoint": f"{root_url}/oauth2/authorize",
            "token_endpoint": f"{root_url}/oauth2/token",
            "jwks_uri": f"{root_url}/.well-known/jwks.json",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "subject_types_supported": ["pairwise"],
            "claims_supported": ["aud", "iss", "iat", "nbf", "exp", "appid", "groups", "oid", "sub", "tid", "ver"],
        }

    def public_keys(self) -> KeySet:
        """Return the keys that verify this issuer's tokens, and no other issuer's."""
        keys = self._key.public(self.name)
        for key, retired_s in self._former:
            keys |= key.public(self.name, retired_s)
        return keys

    def valid_keys(self, now: float) -> list[tuple[SigningKey, float | None]]:
        """Return the keys that are valid at this time, the signing key first; the others with the end of their time."""
        return [(self._key, None), *((key, retired_s) for key, retired_s in self._former if now < retired_s)]

    def jwks(self, now: float) -> dict[str, Any]:
        """Return the public halves of the keys that are valid at this time, as a JSON Web Key Set."""
        return {"keys": [jwk for key, _ in self.valid_keys(now) for jwk in key.jwks()["keys"]]}


def _refusal(refused: TokenRequestRefused) -> tuple[HTTPStatus, dict[str, str], dict[str, Any]]:
    body = {"error": refused.error, "error_description": str(refused)}
    if refused.error == "invalid_client":
        return HTTPStatus.UNAUTHORIZED, {**_NOT_STORED, **_CHALLENGE}, body
    return HTTPStatus.BAD_REQUEST, dict(_NOT_STORED), body
