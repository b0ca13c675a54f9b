"""The check that a client may do what it asks for: a client that may only read is refused a write.

Source: Register, Cancel (403).
"""

from registry_sandbox.auth.groups import WRITERS
from registry_sandbox.auth.refusal import denied
from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.request import Client


def require_authorisation(client: Client, interaction: Interaction) -> None:
    """Refuse an interaction that writes to a client that may only read.

    Raises:
        AccessDenied: the interaction writes and the client may not.
    """
    if interaction.writes and not client.may_write:
        raise denied(
            f"The token allows its client to read only, but {interaction.code} writes; expected {WRITERS} (writers) in "
            "claim groups, or patient/appointment.write in claim requested_scope of a Spine token"
        )
