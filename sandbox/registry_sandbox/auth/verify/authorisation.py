"""What the groups of a token let its client do: members of the writers may read and write, of the readers read.

The pages say that group membership decides, but publish no group. The two ids are the sandbox's own, fixed constants,
so that a user's own issuer can put them in its tokens.
Source: Register, Cancel (403); RFC 7519 has no groups, Azure AD v1 does.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from registry_sandbox.auth.verify.bearer import denied
from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.request import Client

READERS: Final = "6f1d1c52-5a0e-4a5e-9d0b-2f6b8f3a7e01"
WRITERS: Final = "6f1d1c52-5a0e-4a5e-9d0b-2f6b8f3a7e02"


def groups_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """Give the group ids of a token; where `groups` is not an array of texts there are none."""
    groups = claims.get("groups")
    if isinstance(groups, list) and all(isinstance(member, str) for member in groups):
        return frozenset(groups)
    return frozenset()


def group_faults(claims: Mapping[str, Any]) -> Iterator[str]:
    """Tell whether the token is in neither group."""
    expected = f"expected an array with {READERS} (readers) or {WRITERS} (writers)"
    if "groups" not in claims:
        yield f"Claim groups is missing; {expected}"
    elif not groups_of(claims) & {READERS, WRITERS}:
        yield f"Claim groups lets the client neither read nor write; {expected}"


def require_authorisation(client: Client, interaction: Interaction) -> None:
    """Refuse an interaction that writes to a client that may only read.

    Raises:
        AccessDenied: the interaction writes and the client may not.
    """
    if interaction.writes and not client.may_write:
        raise denied(
            f"The token lets its client read only, and {interaction.code} writes; expected {WRITERS} (writers) in "
            "claim groups, or patient/appointment.write in claim requested_scope of a Spine token"
        )
