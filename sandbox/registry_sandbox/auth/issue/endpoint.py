"""The HTTP side of the issuer: the token endpoint, the key set and the discovery document, outside the FHIR base.

Source: Registry overview (the token endpoint); RFC 6749; RFC 7517; OpenID Connect Discovery 1.0.
"""

from collections.abc import Callable, Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from registry_sandbox.auth.issue.issuer import LIFETIME_S, Issuer
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.clock import Clock


class TokenApi:
    """Answers `/oauth2/token`, `/.well-known/jwks.json` and `/.well-known/openid-configuration`."""

    def __init__(self, issuer: Callable[[], Issuer], audiences: Callable[[str], Collection[str]], clock: Clock) -> None:
        self._issuer = issuer
        self._audiences = audiences
        self._clock = clock

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""
        match request.method, request.path:
            case "POST", "/oauth2/token":
                return self.hand_out(request, self._clock.timestamp())
            case "GET" | "HEAD", "/.well-known/jwks.json":
                return json_response(HTTPStatus.OK, self._issuer().jwks())
            case "GET" | "HEAD", "/.well-known/openid-configuration":
                return json_response(HTTPStatus.OK, self._issuer().openid_configuration(origin(request.base)))
            case _, "/oauth2/token":
                return _not_for(request, "POST")
            case _, "/.well-known/jwks.json" | "/.well-known/openid-configuration":
                return _not_for(request, "GET, HEAD")
        return json_response(HTTPStatus.NOT_FOUND, {"error": f"There is nothing at {request.path[:120]}."})

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


def invalid_request(description: str) -> Response:
    """Return the error of RFC 6749 section 5.2 for a request that cannot be read."""
    return json_response(HTTPStatus.BAD_REQUEST, {"error": "invalid_request", "error_description": description})


def origin(url: str) -> str:
    """Return the scheme and authority of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _not_for(request: Request, allowed: str) -> Response:
    message = f"{request.method} is not allowed for {request.path}; expected {allowed}."
    return json_response(HTTPStatus.METHOD_NOT_ALLOWED, {"error": message}, {"Allow": allowed})
