"""The authentication step of the registry: it verifies the token of a request before any other check.

Source: Registry overview (403 for a missing or invalid token); registry.md section 2.
"""

from collections.abc import Callable, Collection
from typing import Protocol

from registry_sandbox.auth.verify.authorisation import require_authorisation
from registry_sandbox.auth.verify.verifier import TokenVerifier
from registry_sandbox.http.field_names import AUTHORIZATION
from registry_sandbox.http.request import Request
from registry_sandbox.runtime.clock import Clock


class Verifying(Protocol):
    """What has the verifier: another one once the signing key was rotated."""

    @property
    def verifier(self) -> TokenVerifier:
        """The verifier."""
        ...


class Authentication:
    """The step that requires a valid token.

    Args:
        credentials: what has the verifier.
        audiences: returns the names of the registry for the base URL of a request.
        clock: decides about `exp` and `nbf`.
    """

    def __init__(self, credentials: Verifying, audiences: Callable[[str], Collection[str]], clock: Clock) -> None:
        self._credentials = credentials
        self._audiences = audiences
        self._clock = clock

    def require_token(self, request: Request) -> None:
        """Set the client of the request.

        Raises:
            AccessDenied: there is no token, a check fails, or the client may not write and the interaction writes.
        """
        now, facts, verifier = self._clock.timestamp(), request.facts, self._credentials.verifier
        verified = facts.verified
        # After a rotation there is another verifier, which has to see every token again.
        if verified is None or facts.verified_by is not verifier or not verified.begins <= now < verified.ends:
            authorization = request.headers.getall(AUTHORIZATION, ())
            if not authorization and not request.declared.needs_token:
                return
            audiences = self._audiences(request.called_as or request.base)
            verified = facts.verified = verifier.verify(authorization, audiences, now)
            facts.verified_by = verifier
        request.client = verified.client
        require_authorisation(request.client, request.declared)
