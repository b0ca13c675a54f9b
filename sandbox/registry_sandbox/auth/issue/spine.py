"""The Spine token, as a consumer makes it: unsigned, and valid for five minutes.

Source: Care Connect and GP Connect, cross-organisation audit and provenance.
"""

from collections.abc import Collection, Mapping
from typing import Final

from registry_sandbox.auth.issue.malformed import changed
from registry_sandbox.auth.jws import write_jws
from registry_sandbox.auth.spine import (
    HEADER,
    LIFETIME_S,
    ODS_SYSTEM,
    SDS_ROLE_SYSTEM,
    SDS_USER_SYSTEM,
    WRITE_SCOPE,
)

DEVICE_SYSTEM: Final = "https://appointment-registry-sandbox.invalid/Id/device"


def issue_spine_token(  # noqa: PLR0913 - each part of a token can be changed
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
    """Return a token that expires `expires_in` seconds from now; its iat is five minutes before that.

    Args:
        client: the name of the requesting device; the journal shows it as the client's name.
        audience: the registry that the token is for.
        now: the sandbox's clock, in seconds since 1970.
        scope: `READ_SCOPE` or `WRITE_SCOPE`.
        expires_in: more than 300 makes an iat in the future, a negative number an expired token.
        claims: added to the claims, or put in their place.
        without: claims to leave out.
        headers: added to the header's members, or put in their place.

    Raises:
        NoSuchClaim: the token does not have a claim that shall be left out.
    """
    content = changed(_claims(client, audience, int(now) + expires_in, scope), claims, without)
    return write_jws({**HEADER, **(headers or {})}, content, lambda _: b"")


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
