"""The two clients of the built-in issuer. Their secrets are published: they protect nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from registry_sandbox.auth.groups import READERS, WRITERS


@dataclass(frozen=True, slots=True)
class BuiltInClient:
    """A client of the token endpoint; `object_id` is the id of what Azure AD calls its service principal."""

    client_id: str
    secret: str
    object_id: str
    groups: tuple[str, ...]


_CLIENT = BuiltInClient(
    "sandbox-client", "sandbox-secret", "6f1d1c52-5a0e-4a5e-9d0b-2f6b8f3a7e11", groups=(READERS, WRITERS)
)
_READER = BuiltInClient("sandbox-reader", "sandbox-secret", "6f1d1c52-5a0e-4a5e-9d0b-2f6b8f3a7e12", groups=(READERS,))

CLIENTS: Final[Mapping[str, BuiltInClient]] = {client.client_id: client for client in (_CLIENT, _READER)}


class UnknownClient(ValueError):
    """A token was requested for a client that does not exist."""


def require_client(client_id: str) -> BuiltInClient:
    """Return the client with this id.

    Raises:
        UnknownClient: there is none; the message names the clients that exist.
    """
    if client_id not in CLIENTS:
        raise UnknownClient(f"there is no client {client_id!r}; expected {' or '.join(CLIENTS)}")
    return CLIENTS[client_id]
