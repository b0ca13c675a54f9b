"""The authentication step of the registry: it verifies the token of a request before any other check.

Source: Registry overview (403 for a missing or invalid token); registry.md section 2.
"""

from collections.abc import Callable, Collection
from functools import cached_property

from registry_sandbox.auth.verify.authorisation import require_authorisation
from registry_sandbox.auth.verify.verifier import TokenVerifier
from registry_sandbox.http.field_names import AUTHORIZATION
from registry_sandbox.http.request import Request
from registry_sandbox.runtime.clock import Clock


class Authentication:
    """The step that requires a valid token.

    Args:
        make_verifier: called at the first token, because making its keys takes a tenth of a second.
        audiences: returns the names of the registry for the base URL of a request.
        clock: decides about `exp` and `nbf`.
    """

    def __init__(
        self, make_verifier: Callable[[], TokenVerifier], audiences: Callable[[str], Collection[str]], clock: Clock
    ) -> None:
        self._make_verifier = make_verifier
        self._audiences = audiences
        self._clock = clock

    @cached_property
    def _verifier(self) -> TokenVerifier:
        return self._make_verifier()

    def require_token(self, request: Request) -> None:
        """Set the client of the request.

        Raises:
            AccessDenied: there is no token, a check fails, or the client may not write and the interaction writes.
        """
        now = self._clock.timestamp()
        verified = request.facts.verified
        if verified is None or not verified.is_in_time(now, self._verifier.leeway_s):
            authorization = request.headers.getall(AUTHORIZATION, ())
            if not authorization and not request.declared.needs_token:
                return
            audiences = self._audiences(request.called_as or request.base)
            verified = request.facts.verified = self._verifier.verify(authorization, audiences, now)
        request.client = verified.client
        require_authorisation(request.client, request.declared)
