"""Tokens judged: who calls, and what they may do, or why not. Every fault is a 403.

Source: Registry overview (security); RFC 7519 section 7.2.
"""

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Final, Literal

from sandbox.exchange import NOBODY, Client
from sandbox.security.bearer import require_bearer_token
from sandbox.security.claims import Expectation, Standing
from sandbox.security.jws import Jws, read_jws
from sandbox.security.keys import KeySet
from sandbox.security.registry_token import judge_registry_token
from sandbox.security.spine import judge_spine_token

Mode = Literal["registry", "spine", "any", "off"]

CACHE_SIZE: Final = 1024
"""Good tokens remembered; beyond it the one remembered first is forgotten."""


class TokenJudge:
    """Judges the bearer token of a request, and remembers the tokens in which all was well.

    What is remembered is the SHA-256 of the credentials, never the token. A remembered token is judged anew by clock
    and audience at every call, so that a moved clock bites at once; what cannot change (its signature, its other
    claims) is not looked at again.

    Args:
        mode: which kinds of token are accepted; `off` judges none.
        keys: what signatures are verified by.
        issuers: accepted values of `iss`; a key that names its issuer speaks for that one only.
        leeway_s: how far `exp` and `nbf` (and `iat` of a Spine token) may miss the clock.
        audience: the one accepted value of `aud`, in place of those that `judge` is given.
    """

    def __init__(
        self, *, mode: Mode, keys: KeySet, issuers: Collection[str], leeway_s: float, audience: str | None
    ) -> None:
        self._mode = mode
        self._keys = keys
        self._issuers = tuple(issuers)
        self._leeway_s = leeway_s
        self._audience = audience
        self._standings: dict[bytes, Standing] = {}

    def judge(self, authorization: Sequence[str], audiences: Collection[str], now: float) -> Client:
        """Give the client that the token speaks for.

        Args:
            authorization: the values of all Authorization headers.
            audiences: what this registry is called, in every spelling that is accepted (unless `--audience` is set).
            now: the sandbox's clock, in seconds since the epoch.

        Raises:
            AccessDenied: there is no token, or it fails; the findings name each check and what was expected.
        """
        if self._mode == "off":
            return NOBODY
        accepted = audiences if self._audience is None else (self._audience,)
        digest = b""
        if len(authorization) == 1:  # several headers are refused, whatever is remembered of one of them
            # surrogatepass: whatever bytes came, there is a digest; the examination refuses what is not ASCII.
            digest = sha256(authorization[0].encode("utf-8", "surrogatepass")).digest()
            standing = self._standings.get(digest)
            if standing is not None and standing.holds(accepted, now, self._leeway_s):
                return standing.client
        token = read_jws(require_bearer_token(authorization))
        standing = self._examine(token, Expectation(accepted, now, self._leeway_s))
        self._remember(digest, standing)
        return standing.client

    def _examine(self, token: Jws, expectation: Expectation) -> Standing:
        # `any` tells the kinds apart by the header alone. What says `none` is never verified as a registry token, and
        # what says anything else is never taken for a Spine token, so neither passes by the weaker checks of the other.
        if self._mode == "spine" or (self._mode == "any" and token.header.get("alg") == "none"):
            return judge_spine_token(token, expectation)
        return judge_registry_token(token, self._keys, self._issuers, expectation)

    def _remember(self, digest: bytes, standing: Standing) -> None:
        self._standings[digest] = standing
        if len(self._standings) > CACHE_SIZE:
            del self._standings[next(iter(self._standings))]
