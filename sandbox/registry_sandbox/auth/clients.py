"""The two clients that the built-in issuer knows. Their secrets are published, and so no secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from registry_sandbox.auth.verify.authorisation import READERS, WRITERS


@dataclass(frozen=True, slots=True)
class BuiltInClient:
    """A client of the token endpoint; `object_id` is what Azure AD would call its service principal."""

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
    """A token was asked for a client that there is not."""


def require_client(client_id: str) -> BuiltInClient:
    """Give the client of that id.

    Raises:
        UnknownClient: there is none; the message names those that there are.
    """
    if client_id not in CLIENTS:
        raise UnknownClient(f"there is no client {client_id!r}; expected {' or '.join(CLIENTS)}")
    return CLIENTS[client_id]
