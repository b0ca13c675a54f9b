"""The verification of the registry's signed token, in the shape of Azure AD v1.

Source: Registry overview (security) and its sample token; RFC 7515 section 4.1; RFC 7519 section 4.1.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from registry_sandbox.auth.groups import READERS, WRITERS
from registry_sandbox.auth.jws import Jws
from registry_sandbox.auth.keys import ALGORITHM, KeySet, PublicKey
from registry_sandbox.auth.refusal import denied
from registry_sandbox.auth.verify.claims import (
    Expectation,
    VerifiedToken,
    audience_errors,
    audiences_of,
    date_errors,
    is_jwt_type,
    listed,
    name_errors,
    time_errors,
    to_the_second,
)
from registry_sandbox.http.request import Client


def require_signature(token: Jws, keys: KeySet) -> PublicKey:
    """Return the key that signed the token.

    Raises:
        AccessDenied: the header has errors, or the signature does not verify.
    """
    key = _require_key(token, keys)
    if not key.verifies(token.signing_input, token.signature):
        raise denied(
            f"The signature does not verify; expected one by {ALGORITHM} with the key that the token's kid names"
        )
    return key


def verify_registry_token(
    token: Jws, key: PublicKey, issuers: Collection[str], expectation: Expectation
) -> VerifiedToken:
    """Verify the claims of a token that this key signed.

    Raises:
        AccessDenied: with all the errors of the claims.
    """
    errors = list(_claim_errors(token, key, issuers, expectation))
    if errors:
        raise denied(*errors)
    claims = token.claims
    client = Client(claims["appid"], may_write=WRITERS in _groups_of(claims))
    begins, ends = claims["nbf"] - expectation.leeway_s, claims["exp"] + expectation.leeway_s
    if key.retired_s is not None:  # exact: the leeway is for the clocks of issuers, and this is our own
        ends = min(ends, key.retired_s)
    return VerifiedToken(client, audiences_of(claims), begins, ends)


def _require_key(token: Jws, keys: KeySet) -> PublicKey:
    errors = list(_header_errors(token))
    key = keys.find(token.header.get("kid"))
    if key is None:
        expected = listed(keys.kids) or "a key, but this sandbox has none"
        problem = "is missing" if "kid" not in token.header else "names no key of the key set"
        errors.append(f"Header kid {problem}; expected {expected}")
    if key is None or errors:
        raise denied(*errors)
    return key


def _header_errors(token: Jws) -> Iterator[str]:
    # Only our own algorithm is accepted: a token must never choose how a key is used.
    if "alg" not in token.header:
        yield f"Header alg is missing; expected {ALGORITHM}"
    elif token.header["alg"] != ALGORITHM:
        yield f"Header alg is not accepted; expected {ALGORITHM}"
    if "typ" in token.header and not is_jwt_type(token.header["typ"]):
        yield "Header typ is not accepted; expected JWT"
    if "crit" in token.header:  # RFC 7515 section 4.1.11: every extension it lists must be understood; we know none
        yield "Header crit names extensions, and none is understood; expected no crit"


def _claim_errors(token: Jws, key: PublicKey, issuers: Collection[str], expectation: Expectation) -> Iterator[str]:
    claims = token.claims
    yield from _key_errors(key, expectation)
    yield from date_errors(claims, "iat", "nbf", "exp")
    yield from time_errors(claims, expectation, "nbf")  # an iat in the future is accepted
    # A key is valid for its own issuer only: of two accepted issuers, neither can sign in the name of the other.
    yield from _issuer_errors(claims, [issuer for issuer in issuers if key.issuer in ("", issuer)])
    yield from name_errors(claims, "appid")
    yield from audience_errors(claims, expectation)
    yield from _group_errors(claims)


def _key_errors(key: PublicKey, expectation: Expectation) -> Iterator[str]:
    if key.retired_s is not None and expectation.now >= key.retired_s:
        retired = to_the_second(key.retired_s)
        yield f"Header kid names the key {key.kid}, retired at {retired}; expected a token of the key set's present key"


def _issuer_errors(claims: Mapping[str, Any], accepted: Collection[str]) -> Iterator[str]:
    if "iss" not in claims:
        yield f"Claim iss is missing; expected {listed(accepted)}"
    elif claims["iss"] not in accepted:
        yield f"Claim iss names another issuer; expected {listed(accepted)}"


def _group_errors(claims: Mapping[str, Any]) -> Iterator[str]:
    expected = f"expected an array with {READERS} (readers) or {WRITERS} (writers)"
    if "groups" not in claims:
        yield f"Claim groups is missing; {expected}"
    elif not _groups_of(claims) & {READERS, WRITERS}:
        yield f"Claim groups allows neither reading nor writing; {expected}"


def _groups_of(claims: Mapping[str, Any]) -> frozenset[str]:
    groups = claims.get("groups")
    if isinstance(groups, list) and all(isinstance(member, str) for member in groups):
        return frozenset(groups)
    return frozenset()
