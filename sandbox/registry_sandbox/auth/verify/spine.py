"""The Spine token, which a consumer makes itself and does not sign: judged as strictly as the other, and made.

Source: Care Connect and GP Connect, cross-organisation audit and provenance; GP Connect demonstrator for the five
minutes and for an iat in the future.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from registry_sandbox.auth.jws import Jws, write_jws
from registry_sandbox.auth.verify.bearer import denied
from registry_sandbox.auth.verify.claims import (
    Expectation,
    VerifiedToken,
    audience_faults,
    audiences_of,
    date_faults,
    is_name,
    is_numeric_date,
    leaving_out,
    name_faults,
    time_faults,
)
from registry_sandbox.http.request import Client

READ_SCOPE: Final = "patient/appointment.read"
WRITE_SCOPE: Final = "patient/appointment.write"
LIFETIME_S: Final = 300
ODS_SYSTEM: Final = "https://fhir.nhs.uk/Id/ods-organization-code"
SDS_USER_SYSTEM: Final = "https://fhir.nhs.uk/Id/sds-user-id"
SDS_ROLE_SYSTEM: Final = "https://fhir.nhs.uk/Id/sds-role-profile-id"
DEVICE_SYSTEM: Final = "https://appointment-registry-sandbox.invalid/Id/device"

_HEADER: Final = {"alg": "none", "typ": "JWT"}


def verify_spine_token(token: Jws, expectation: Expectation) -> VerifiedToken:
    """Judge header, signature (there must be none) and claims; every fault is named at once.

    Raises:
        AccessDenied: with all the faults.
    """
    faults = [*_header_faults(token), *_claim_faults(token.claims, expectation)]
    if faults:
        raise denied(*faults)
    claims = token.claims
    device: str = claims["requesting_device"]["identifier"][0]["value"]
    client = Client(device, may_write=claims["requested_scope"] == WRITE_SCOPE)
    not_before = max(claims["iat"], claims.get("nbf", 0))
    return VerifiedToken(client, audiences_of(claims), not_before=not_before, expires=claims["exp"])


def issue_spine_token(  # noqa: PLR0913 - what can be spoiled is what there is
    client: str,
    audience: str,
    now: float,
    *,
    scope: str = WRITE_SCOPE,
    expires_in: int = LIFETIME_S,
    claims: Mapping[str, object] | None = None,
    without: Collection[str] = (),
    headers: Mapping[str, object] | None = None,
) -> str:
    """Make a token that is good for `expires_in` seconds from now on; iat is put five minutes before its end.

    Args:
        client: names the requesting device, and is the client's name in the journal.
        audience: the registry that it is for.
        now: the sandbox's clock, in seconds since the epoch.
        scope: `READ_SCOPE` or `WRITE_SCOPE`.
        expires_in: more than 300 makes an iat in the future, and a negative one an expired token.
        claims: replace or join the claims.
        without: claims that are left out.
        headers: replace or join the header's members.

    Raises:
        NoSuchClaim: a claim to leave out is not there.
    """
    content = {**_claims(client, audience, int(now) + expires_in, scope), **(claims or {})}
    kept = leaving_out(content, without)
    return write_jws({**_HEADER, **(headers or {})}, kept, lambda _: b"")


def _claims(client: str, audience: str, expires: int, scope: str) -> dict[str, object]:
    return {
        "iss": f"https://{client}.invalid",
        "sub": "1",
        "aud": audience,
        "exp": expires,
        "iat": expires - LIFETIME_S,
        "reason_for_request": "directcare",
        "requested_scope": scope,
        "requesting_device": {
            "resourceType": "Device",
            "id": "1",
            "identifier": [{"system": DEVICE_SYSTEM, "value": client}],
            "model": "Appointment Registry Sandbox",
            "version": "1",
        },
        "requesting_organization": {
            "resourceType": "Organization",
            "id": "1",
            "identifier": [{"system": ODS_SYSTEM, "value": "A1001"}],
            "name": "Sandbox Surgery",
        },
        "requesting_practitioner": {
            "resourceType": "Practitioner",
            "id": "1",
            "identifier": [{"system": system, "value": "UNK"} for system in (SDS_USER_SYSTEM, SDS_ROLE_SYSTEM)],
            "name": [{"family": "Sandbox", "given": ["Sam"], "prefix": ["Dr"]}],
        },
    }


def _header_faults(token: Jws) -> Iterator[str]:
    for name, expected in _HEADER.items():
        if name not in token.header:
            yield f"Header {name} is missing; expected {expected} in a Spine token"
        elif token.header[name] != expected:
            yield f"Header {name} is not accepted; expected {expected} in a Spine token"
    if "crit" in token.header:
        yield "Header crit names extensions, and none is understood; expected no crit"
    if token.signature:
        yield "There is a signature; expected none, so that a Spine token ends with its second dot"


def _claim_faults(claims: Mapping[str, Any], expectation: Expectation) -> Iterator[str]:
    yield from name_faults(claims, "iss", "sub")
    yield from _date_faults(claims, expectation)
    yield from audience_faults(claims, expectation)
    yield from _value_faults(claims, "reason_for_request", "directcare")
    yield from _value_faults(claims, "requested_scope", READ_SCOPE, WRITE_SCOPE)
    yield from _resource_faults(claims, "requesting_device", "Device")
    yield from _resource_faults(claims, "requesting_organization", "Organization", ODS_SYSTEM)
    if "requesting_practitioner" in claims:
        yield from _resource_faults(claims, "requesting_practitioner", "Practitioner")
        yield from _practitioner_faults(claims)


def _date_faults(claims: Mapping[str, Any], expectation: Expectation) -> Iterator[str]:
    # nbf is none of the documented claims; a token that brings one is held to it (RFC 7519 section 4.1.5).
    yield from date_faults(claims, "iat", "exp", *(name for name in ("nbf",) if name in claims))
    yield from time_faults(claims, expectation, "iat", "nbf")
    issued, expires = claims.get("iat"), claims.get("exp")
    if is_numeric_date(issued) and is_numeric_date(expires) and expires - issued != LIFETIME_S:
        yield f"Claim exp does not fit iat; expected exp = iat + {LIFETIME_S}"


def _value_faults(claims: Mapping[str, Any], name: str, *accepted: str) -> Iterator[str]:
    if name not in claims:
        yield f"Claim {name} is missing; expected {' or '.join(accepted)}"
    elif claims[name] not in accepted:
        yield f"Claim {name} is not accepted; expected {' or '.join(accepted)}"


def _resource_faults(claims: Mapping[str, Any], name: str, resource_type: str, system: str = "") -> Iterator[str]:
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


def _practitioner_faults(claims: Mapping[str, Any]) -> Iterator[str]:
    practitioner = claims["requesting_practitioner"]
    if not isinstance(practitioner, dict) or practitioner.get("id") != claims.get("sub"):
        yield "Claim requesting_practitioner has another id than claim sub; expected the same"
