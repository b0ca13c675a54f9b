"""The signed token of the registry, in the shape of Azure AD v1, judged claim by claim.

Source: Registry overview (security) and its sample token; RFC 7515 section 4.1; RFC 7519 section 4.1.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from registry_sandbox.auth.jws import Jws
from registry_sandbox.auth.keys import ALGORITHM, KeySet, PublicKey
from registry_sandbox.auth.verify.authorisation import WRITERS, group_faults, groups_of
from registry_sandbox.auth.verify.bearer import denied
from registry_sandbox.auth.verify.claims import (
    Expectation,
    VerifiedToken,
    audience_faults,
    audiences_of,
    date_faults,
    name_faults,
    one_of,
    time_faults,
)
from registry_sandbox.http.request import Client


def require_signature(token: Jws, keys: KeySet) -> PublicKey:
    """Give the key that the token is signed with.

    Raises:
        AccessDenied: with the faults of the header, or that of the signature.
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
    """Judge the claims of a token that is signed with this key.

    Raises:
        AccessDenied: with the faults of the claims.
    """
    faults = list(_claim_faults(token, key, issuers, expectation))
    if faults:
        raise denied(*faults)
    claims = token.claims
    client = Client(claims["appid"], may_write=WRITERS in groups_of(claims))
    return VerifiedToken(client, audiences_of(claims), not_before=claims["nbf"], expires=claims["exp"])


def _require_key(token: Jws, keys: KeySet) -> PublicKey:
    faults = list(_header_faults(token))
    key = keys.find(token.header.get("kid"))
    if key is None:
        expected = one_of(keys.kids) or "a key, but this sandbox was given none"
        fault = "is missing" if "kid" not in token.header else "names no key of the key set"
        faults.append(f"Header kid {fault}; expected {expected}")
    if key is None or faults:
        raise denied(*faults)
    return key


def _header_faults(token: Jws) -> Iterator[str]:
    # The algorithm is on our list, or the token is not looked at: never is a key used in the way that a token asks for.
    if "alg" not in token.header:
        yield f"Header alg is missing; expected {ALGORITHM}"
    elif token.header["alg"] != ALGORITHM:
        yield f"Header alg is not accepted; expected {ALGORITHM}"
    if token.header.get("typ", "JWT") != "JWT":
        yield "Header typ is not accepted; expected JWT"
    if "crit" in token.header:  # RFC 7515 section 4.1.11: what it lists must be understood, and nothing is
        yield "Header crit names extensions, and none is understood; expected no crit"


def _claim_faults(token: Jws, key: PublicKey, issuers: Collection[str], expectation: Expectation) -> Iterator[str]:
    claims = token.claims
    yield from date_faults(claims, "iat", "nbf", "exp")
    yield from time_faults(claims, expectation, "nbf")  # a future iat is no fault
    # A key speaks for its own issuer: with two issuers accepted, neither can sign in the other's name.
    yield from _issuer_faults(claims, [issuer for issuer in issuers if key.issuer in ("", issuer)])
    yield from name_faults(claims, "appid")
    yield from audience_faults(claims, expectation)
    yield from group_faults(claims)


def _issuer_faults(claims: Mapping[str, Any], accepted: Collection[str]) -> Iterator[str]:
    if "iss" not in claims:
        yield f"Claim iss is missing; expected {one_of(accepted)}"
    elif claims["iss"] not in accepted:
        yield f"Claim iss names another issuer; expected {one_of(accepted)}"
