"""The verification of the Spine token, which a consumer makes itself and does not sign.

Source: Care Connect and GP Connect, cross-organisation audit and provenance; the GP Connect demonstrator for the five
minutes and for an iat in the future.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from registry_sandbox.auth.jws import Jws
from registry_sandbox.auth.refusal import denied
from registry_sandbox.auth.spine import HEADER, LIFETIME_S, ODS_SYSTEM, READ_SCOPE, WRITE_SCOPE
from registry_sandbox.auth.verify.claims import (
    Expectation,
    VerifiedToken,
    audience_errors,
    audiences_of,
    date_errors,
    is_jwt_type,
    is_name,
    is_numeric_date,
    name_errors,
    time_errors,
)
from registry_sandbox.http.request import Client


def verify_spine_token(token: Jws, expectation: Expectation) -> VerifiedToken:
    """Verify the header, the signature (there must be none) and the claims.

    Raises:
        AccessDenied: with all the errors.
    """
    errors = [*_header_errors(token), *_claim_errors(token.claims, expectation)]
    if errors:
        raise denied(*errors)
    claims = token.claims
    device: str = claims["requesting_device"]["identifier"][0]["value"]
    client = Client(device, may_write=claims["requested_scope"] == WRITE_SCOPE)
    begins = max(claims["iat"], claims.get("nbf", 0)) - expectation.leeway_s
    return VerifiedToken(client, audiences_of(claims), begins, ends=claims["exp"] + expectation.leeway_s)


def _header_errors(token: Jws) -> Iterator[str]:
    for name, expected in HEADER.items():
        if name not in token.header:
            yield f"Header {name} is missing; expected {expected} in a Spine token"
        elif token.header[name] != expected and not (name == "typ" and is_jwt_type(token.header[name])):
            yield f"Header {name} is not accepted; expected {expected} in a Spine token"
    if "crit" in token.header:
        yield "Header crit names extensions, and none is understood; expected no crit"
    if token.signature:
        yield "There is a signature; expected none, so that a Spine token ends with its second dot"


def _claim_errors(claims: Mapping[str, Any], expectation: Expectation) -> Iterator[str]:
    yield from name_errors(claims, "iss", "sub")
    yield from _date_errors(claims, expectation)
    yield from audience_errors(claims, expectation)
    yield from _value_errors(claims, "reason_for_request", "directcare")
    yield from _value_errors(claims, "requested_scope", READ_SCOPE, WRITE_SCOPE)
    yield from _resource_errors(claims, "requesting_device", "Device")
    yield from _resource_errors(claims, "requesting_organization", "Organization", ODS_SYSTEM)
    if "requesting_practitioner" in claims:
        yield from _resource_errors(claims, "requesting_practitioner", "Practitioner")
        yield from _practitioner_errors(claims)


def _date_errors(claims: Mapping[str, Any], expectation: Expectation) -> Iterator[str]:
    # nbf is not one of the documented claims; if it is there, it is checked (RFC 7519 section 4.1.5).
    yield from date_errors(claims, "iat", "exp", *(name for name in ("nbf",) if name in claims))
    yield from time_errors(claims, expectation, "iat", "nbf")
    issued, expires = claims.get("iat"), claims.get("exp")
    if is_numeric_date(issued) and is_numeric_date(expires) and expires - issued != LIFETIME_S:
        yield f"Claim exp does not fit iat; expected exp = iat + {LIFETIME_S}"


def _value_errors(claims: Mapping[str, Any], name: str, *accepted: str) -> Iterator[str]:
    if name not in claims:
        yield f"Claim {name} is missing; expected {' or '.join(accepted)}"
    elif claims[name] not in accepted:
        yield f"Claim {name} is not accepted; expected {' or '.join(accepted)}"


def _resource_errors(claims: Mapping[str, Any], name: str, resource_type: str, system: str = "") -> Iterator[str]:
    of_system = f" of system {system}" if system else ""
    expected = f"expected a FHIR {resource_type} whose first identifier has a system and a value{of_system}"
    if name not in claims:
        yield f"Claim {name} is missing; {expected}"
    elif not _is_identified(claims[name], resource_type, system):
        yield f"Claim {name} cannot be used; {expected}"


def _is_identified(resource: Any, resource_type: str, system: str) -> bool:
    match resource:
        case {"resourceType": str(kind), "identifier": [{"system": str(stated), "value": value}, *_]}:
            return kind == resource_type and bool(stated) and (not system or stated == system) and is_name(value)
        case _:
            return False


def _practitioner_errors(claims: Mapping[str, Any]) -> Iterator[str]:
    practitioner = claims["requesting_practitioner"]
    if not isinstance(practitioner, dict) or practitioner.get("id") != claims.get("sub"):
        yield "Claim requesting_practitioner has another id than claim sub; expected the same"
