"""The gate of the registry: every request shows its token first, before anything else is judged.

Source: registry pages, Overview (403 for a missing or invalid token); registry.md section 2.
"""

from collections.abc import Callable, Collection
from functools import cached_property

from registry_sandbox.auth.verify.authorisation import require_authorisation
from registry_sandbox.auth.verify.tokens import TokenVerifier
from registry_sandbox.http.field_names import AUTHORIZATION
from registry_sandbox.http.request import Request
from registry_sandbox.runtime.clock import Clock


class Authentication:
    """The step that judges tokens.

    Args:
        judge: gives the judge; it is asked for at the first token, since making its keys takes a tenth of a second.
        audiences: what the registry is called, for a request's base URL.
        clock: what `exp` and `nbf` are judged by.
    """

    def __init__(
        self, judge: Callable[[], TokenVerifier], audiences: Callable[[str], Collection[str]], clock: Clock
    ) -> None:
        self._make_judge = judge
        self._audiences = audiences
        self._clock = clock

    @cached_property
    def _judge(self) -> TokenVerifier:
        return self._make_judge()

    def require_token(self, request: Request) -> None:
        """Note the client on the request.

        Raises:
            AccessDenied: there is no token, or it fails a check, or it does not let its client write.
        """
        now = self._clock.timestamp()
        verified = request.facts.verified
        if verified is None or not verified.is_in_time(now, self._judge.leeway_s):
            authorization = request.headers.getall(AUTHORIZATION, ())
            if not authorization and not request.declared.needs_token:
                return
            audiences = self._audiences(request.called_as or request.base)
            verified = request.facts.verified = self._judge.judge(authorization, audiences, now)
        request.client = verified.client
        require_authorisation(request.client, request.declared)
