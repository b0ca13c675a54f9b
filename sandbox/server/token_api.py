"""The token endpoint, the keys and the discovery document, beside the FHIR base.

Source: registry pages, Overview (the token endpoint); RFC 6749; RFC 7517; OpenID Connect Discovery 1.0.
"""

from collections.abc import Callable, Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from sandbox.clock import Clock
from sandbox.exchange import Request, Response
from sandbox.security.issuer import Issuer
from sandbox.server.front import json_answer


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
                return self._token(request)
            case "GET" | "HEAD", "/.well-known/jwks.json":
                return json_answer(HTTPStatus.OK, self._issuer().jwks())
            case "GET" | "HEAD", "/.well-known/openid-configuration":
                return json_answer(HTTPStatus.OK, self._issuer().openid_configuration(origin(request.base)))
            case _, "/oauth2/token":
                return _not_for(request, "POST")
            case _, "/.well-known/jwks.json" | "/.well-known/openid-configuration":
                return _not_for(request, "GET, HEAD")
        return json_answer(HTTPStatus.NOT_FOUND, {"error": f"There is nothing at {request.path[:120]}."})

    def _token(self, request: Request) -> Response:
        if request.body_error is not None:
            return _bad_request(str(request.body_error))
        if len(request.headers.getall("Authorization", ())) > 1:
            return _bad_request("several Authorization headers; expected one at most")
        status, headers, body = self._issuer().token_endpoint(
            request.headers.get("Content-Type", ""),
            request.headers.get("Authorization"),
            request.body,
            self._clock.timestamp(),
            self._audiences(request.base),
        )
        return json_answer(status, body, headers)


def origin(url: str) -> str:
    """Give the scheme and authority of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _bad_request(description: str) -> Response:
    return json_answer(HTTPStatus.BAD_REQUEST, {"error": "invalid_request", "error_description": description})


def _not_for(request: Request, allowed: str) -> Response:
    message = f"{request.method} is not for {request.path}; expected {allowed}."
    return json_answer(HTTPStatus.METHOD_NOT_ALLOWED, {"error": message}, {"Allow": allowed})
