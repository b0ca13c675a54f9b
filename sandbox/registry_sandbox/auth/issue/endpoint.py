"""The HTTP side of the issuer: the token endpoint, the key set and the discovery document, outside the FHIR base.

Source: Registry overview (the token endpoint); RFC 6749; RFC 7517; OpenID Connect Discovery 1.0.
"""

from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus

from registry_sandbox.auth.issue.issuer import LIFETIME_S, Issuer
from registry_sandbox.http.base_url import root_of
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.clock import Clock


class TokenApi:
    """Answers every path beside the FHIR base that OAuth and OpenID Connect define."""

    def __init__(self, issuer: Callable[[], Issuer], audiences: Callable[[str], Collection[str]], clock: Clock) -> None:
        self._issuer = issuer
        self._audiences = audiences
        self._clock = clock
        self._table: Mapping[str, tuple[tuple[str, ...], Callable[[Request], Response]]] = {
            "/oauth2/token": (("POST",), self._token),
            "/oauth2/authorize": (("GET", "HEAD", "POST"), self._authorize),
            "/.well-known/jwks.json": (("GET", "HEAD"), self._keys),
            "/.well-known/openid-configuration": (("GET", "HEAD"), self._discovery),
        }

    async def __call__(self, request: Request) -> Response:
        """Return the answer to a request."""
        methods, answer = self._table.get(request.path, ((), None))
        if answer is None:
            return json_response(HTTPStatus.NOT_FOUND, {"error": f"There is nothing at {request.path[:120]}."})
        if request.method not in methods:
            allowed = ", ".join(methods)
            message = f"{request.method} is not allowed for {request.path}; expected {allowed}."
            return json_response(HTTPStatus.METHOD_NOT_ALLOWED, {"error": message}, {"Allow": allowed})
        return answer(request)

    def hand_out(self, request: Request, now_s: float, lifetime_s: int = LIFETIME_S) -> Response:
        """Return the answer to a request for a token with this lifetime."""
        if request.body_error is not None:
            return invalid_request(str(request.body_error))
        if len(request.headers.getall("Authorization", ())) > 1:
            return invalid_request("there are several Authorization headers; expected at most one")
        status, headers, body = self._issuer().token_endpoint(
            request.headers.get("Content-Type", ""),
            request.headers.get("Authorization"),
            request.body,
            now_s,
            self._audiences(request.called_as or request.base),
            expires_in=lifetime_s,
        )
        return json_response(status, body, headers)

    def _token(self, request: Request) -> Response:
        return self.hand_out(request, self._clock.timestamp())

    def _authorize(self, request: Request) -> Response:
        # OpenID Connect requires this endpoint in the discovery document, and client libraries look for it.
        del request
        description = "the sandbox has no users to sign in; expected a POST of client credentials to the token endpoint"
        error = {"error": "unsupported_response_type", "error_description": description}
        return json_response(HTTPStatus.BAD_REQUEST, error)

    def _keys(self, request: Request) -> Response:
        del request
        return json_response(HTTPStatus.OK, self._issuer().jwks(self._clock.timestamp()))

    def _discovery(self, request: Request) -> Response:
        return json_response(HTTPStatus.OK, self._issuer().openid_configuration(root_of(request.base)))


def invalid_request(description: str) -> Response:
    """Return the error of RFC 6749 section 5.2 for a request that cannot be read."""
    return json_response(HTTPStatus.BAD_REQUEST, {"error": "invalid_request", "error_description": description})
