"""The verifier of bearer tokens, for every `--auth` mode. Every error of a token is a 403.

Source: Registry overview (security); RFC 7519 section 7.2.
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal, TypeVar

from registry_sandbox.auth.jws import Jws, read_jws
from registry_sandbox.auth.keys import KeySet, PublicKey
from registry_sandbox.auth.verify.bearer import require_bearer_token
from registry_sandbox.auth.verify.claims import LAST_NUMERIC_DATE, Expectation, VerifiedToken
from registry_sandbox.auth.verify.registry_token import require_signature, verify_registry_token
from registry_sandbox.auth.verify.spine import verify_spine_token
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.http.errors import AccessDenied
from registry_sandbox.http.request import NOBODY

Mode = Literal["registry", "spine", "any", "off"]

CACHE_SIZE: Final = 1024
"""How many verified tokens are cached, and how many refused ones; beyond that, the oldest is dropped."""

_NO_TOKEN = VerifiedToken(NOBODY, (), 0, LAST_NUMERIC_DATE)

T = TypeVar("T")


class TokenVerifier:
    """Verifies the bearer token of a request, and caches what cannot change.

    A cached token is compared with the clock and the audience at every call, so a moved clock takes effect at once; its
    signature and its other claims are not checked again. A token that cannot be read, or whose signature is wrong, is
    refused from the cache, in the same words at any time.

    Args:
        mode: which kinds of token are accepted; `off` checks none.
        keys: the keys that verify signatures.
        issuers: the accepted values of `iss`; a key with an issuer of its own is valid for that one only.
        leeway_s: the tolerance for `exp` and `nbf` (and `iat` of a Spine token), in seconds.
    """

    def __init__(self, *, mode: Mode, keys: KeySet, issuers: Collection[str], leeway_s: float) -> None:
        self._mode = mode
        self._keys = keys
        self._issuers = tuple(issuers)
        self._leeway_s = leeway_s
        self._verified: dict[str, VerifiedToken] = {}
        self._refused: dict[str, tuple[Finding, ...]] = {}

    def verify(self, authorization: Sequence[str], audiences: Collection[str], now: float) -> VerifiedToken:
        """Return the verified token of a request.

        Args:
            authorization: the values of all Authorization headers.
            audiences: the names of this registry, in every accepted spelling.
            now: the sandbox's clock, in seconds since 1970.

        Raises:
            AccessDenied: there is no token, or a check fails; each finding says which and what was expected.
        """
        if self._mode == "off":
            return _NO_TOKEN
        # Several headers are refused, even if one of them is cached.
        credentials = authorization[0] if len(authorization) == 1 else ""
        verified = self._verified.get(credentials)
        if verified is not None and verified.is_valid(audiences, now):
            return verified
        if credentials in self._refused:
            raise AccessDenied(findings=self._refused[credentials])
        token, key = self._read(authorization, credentials)
        verified = self._verify_claims(token, key, Expectation(audiences, now, self._leeway_s))
        _cache(self._verified, credentials, verified)
        return verified

    def _read(self, authorization: Sequence[str], credentials: str) -> tuple[Jws, PublicKey | None]:
        """Return the decoded token and the key that signed it; None for the key of a Spine token."""
        bearer = require_bearer_token(authorization)
        try:
            token = read_jws(bearer)
            # In mode `any`, the header alone decides which kind a token is. A token with alg `none` is never verified
            # as the registry's, and any other is never verified as a Spine token: neither can pass by the weaker checks
            # of the other kind.
            unsigned = self._mode == "spine" or (self._mode == "any" and token.header.get("alg") == "none")
            return token, None if unsigned else require_signature(token, self._keys)
        except AccessDenied as refused:
            _cache(self._refused, credentials, refused.findings)
            raise

    def _verify_claims(self, token: Jws, key: PublicKey | None, expectation: Expectation) -> VerifiedToken:
        if key is None:
            return verify_spine_token(token, expectation)
        return verify_registry_token(token, key, self._issuers, expectation)


def _cache(cache: dict[str, T], credentials: str, value: T) -> None:
    cache[credentials] = value
    if len(cache) > CACHE_SIZE:
        del cache[next(iter(cache))]
