"""Tokens judged: who calls, and what they may do, or why not. Every fault is a 403.

Source: Registry overview (security); RFC 7519 section 7.2.
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal, TypeVar

from registry_sandbox.auth.jws import Jws, read_jws
from registry_sandbox.auth.keys import KeySet, PublicKey
from registry_sandbox.auth.verify.bearer import MAX_CREDENTIALS, require_bearer_token
from registry_sandbox.auth.verify.claims import LAST_NUMERIC_DATE, Expectation, VerifiedToken
from registry_sandbox.auth.verify.registry_token import require_signature, verify_registry_token
from registry_sandbox.auth.verify.spine import verify_spine_token
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.http.errors import AccessDenied
from registry_sandbox.http.request import NOBODY

Mode = Literal["registry", "spine", "any", "off"]

CACHE_SIZE: Final = 1024
"""Tokens remembered, good ones and refused ones; beyond it the one remembered first is forgotten."""

_NO_TOKEN = VerifiedToken(NOBODY, (), 0, LAST_NUMERIC_DATE)

T = TypeVar("T")


class TokenVerifier:
    """Judges the bearer token of a request, and remembers what cannot change of it.

    A remembered token is judged anew by clock and audience at every call, so that a moved clock bites at once; its
    signature and its other claims are not looked at again. So it is with one that is no token, or whose signature is
    not ours: it is refused in the same words whatever the clock.

    Args:
        mode: which kinds of token are accepted; `off` judges none.
        keys: what signatures are verified by.
        issuers: accepted values of `iss`; a key that names its issuer speaks for that one only.
        leeway_s: how far `exp` and `nbf` (and `iat` of a Spine token) may miss the clock.
    """

    def __init__(self, *, mode: Mode, keys: KeySet, issuers: Collection[str], leeway_s: float) -> None:
        self._mode = mode
        self._keys = keys
        self._issuers = tuple(issuers)
        self.leeway_s = leeway_s
        self._standings: dict[str, VerifiedToken] = {}
        self._refused: dict[str, tuple[Finding, ...]] = {}

    def judge(self, authorization: Sequence[str], audiences: Collection[str], now: float) -> VerifiedToken:
        """Judge the token, and give what it comes to.

        Args:
            authorization: the values of all Authorization headers.
            audiences: what this registry is called, in every spelling that is accepted.
            now: the sandbox's clock, in seconds since the epoch.

        Raises:
            AccessDenied: there is no token, or it fails; the findings name each check and what was expected.
        """
        if self._mode == "off":
            return _NO_TOKEN
        # Several headers are refused, whatever is remembered of one of them.
        credentials = authorization[0] if len(authorization) == 1 else ""
        standing = self._standings.get(credentials)
        if standing is not None and standing.holds(audiences, now, self.leeway_s):
            return standing
        if credentials in self._refused:
            raise AccessDenied(findings=self._refused[credentials])
        token, key = self._taken_apart(authorization, credentials)
        standing = self._examined(token, key, Expectation(audiences, now, self.leeway_s))
        _remember(self._standings, credentials, standing)
        return standing

    def _taken_apart(self, authorization: Sequence[str], credentials: str) -> tuple[Jws, PublicKey | None]:
        """Give the token, and the key that verifies it unless it is one that nobody signs."""
        try:
            token = read_jws(require_bearer_token(authorization))
            # `any` tells the kinds apart by the header alone. What says `none` is never verified as a registry token,
            # and what says anything else is never taken for a Spine token, so neither passes by the weaker checks of
            # the other.
            unsigned = self._mode == "spine" or (self._mode == "any" and token.header.get("alg") == "none")
            return token, None if unsigned else require_signature(token, self._keys)
        except AccessDenied as refused:
            if 0 < len(credentials) <= MAX_CREDENTIALS:
                _remember(self._refused, credentials, refused.findings)
            raise

    def _examined(self, token: Jws, key: PublicKey | None, expectation: Expectation) -> VerifiedToken:
        if key is None:
            return verify_spine_token(token, expectation)
        return verify_registry_token(token, key, self._issuers, expectation)


def _remember(memory: dict[str, T], credentials: str, what: T) -> None:
    memory[credentials] = what
    if len(memory) > CACHE_SIZE:
        del memory[next(iter(memory))]
