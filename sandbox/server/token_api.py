"""The token endpoint, the keys and the discovery document, beside the FHIR base.

Source: registry pages, Overview (the token endpoint); RFC 6749; RFC 7517; OpenID Connect Discovery 1.0.
"""

import base64
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from sandbox.clock import Clock
from sandbox.errors import SandboxError
from sandbox.exchange import Client, Handler, Request, Response
from sandbox.faults.injector import Injector
from sandbox.faults.match import TOKEN
from sandbox.finding import IssueType
from sandbox.security.issuer import LIFETIME_S, Issuer
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
                return self.hand_out(request, self._clock.timestamp())
            case "GET" | "HEAD", "/.well-known/jwks.json":
                return json_answer(HTTPStatus.OK, self._issuer().jwks())
            case "GET" | "HEAD", "/.well-known/openid-configuration":
                return json_answer(HTTPStatus.OK, self._issuer().openid_configuration(origin(request.base)))
            case _, "/oauth2/token":
                return _not_for(request, "POST")
            case _, "/.well-known/jwks.json" | "/.well-known/openid-configuration":
                return _not_for(request, "GET, HEAD")
        return json_answer(HTTPStatus.NOT_FOUND, {"error": f"There is nothing at {request.path[:120]}."})

    def hand_out(self, request: Request, now_s: float, lifetime_s: int = LIFETIME_S) -> Response:
        """Answer a request for a token, which shall be good for so long."""
        if request.body_error is not None:
            return _bad_request(str(request.body_error))
        if len(request.headers.getall("Authorization", ())) > 1:
            return _bad_request("several Authorization headers; expected one at most")
        status, headers, body = self._issuer().token_endpoint(
            request.headers.get("Content-Type", ""),
            request.headers.get("Authorization"),
            request.body,
            now_s,
            self._audiences(request.called_as or request.base),
            expires_in=lifetime_s,
        )
        return json_answer(status, body, headers)


class TokenFaults:
    """The step before the token endpoint that lets faults act there, as the interaction `token`."""

    def __init__(self, injector: Injector) -> None:
        self._injector = injector

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Let other requests pass."""
        if request.method != "POST" or request.path != "/oauth2/token":
            return await handler(request)
        request.interaction = TOKEN
        request.client = Client(_client_named(request), may_write=False)
        try:
            response = await self._injector(request, handler)
        except SandboxError as error:
            response = _bad_request(str(error))
        if request.injected is not None:
            request.injected.finish(response)
        return response


def oauth_refusal(
    status: int, issue_type: IssueType, spine_code: str, message: str, headers: Mapping[str, str]
) -> Response:
    """Give the answer to an injected error, as RFC 6749 section 5.2 has it."""
    del issue_type, spine_code
    errors = {HTTPStatus.UNAUTHORIZED: "invalid_client", HTTPStatus.FORBIDDEN: "unauthorized_client"}
    server = "server_error" if status == HTTPStatus.INTERNAL_SERVER_ERROR else "temporarily_unavailable"
    fallback = "invalid_request" if status < HTTPStatus.INTERNAL_SERVER_ERROR else server
    error = next((name for known, name in errors.items() if known == status), fallback)
    return json_answer(status, {"error": error, "error_description": message}, {"Pragma": "no-cache", **headers})


def _client_named(request: Request) -> str:
    try:
        form = dict(parse_qsl(request.body.decode("ascii"), max_num_fields=100))
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        basic = base64.b64decode(encoded).decode().partition(":")[0] if scheme.lower() == "basic" else ""
    except ValueError:
        return ""
    return form.get("client_id", "") or unquote_plus(basic)


def origin(url: str) -> str:
    """Give the scheme and authority of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _bad_request(description: str) -> Response:
    return json_answer(HTTPStatus.BAD_REQUEST, {"error": "invalid_request", "error_description": description})


def _not_for(request: Request, allowed: str) -> Response:
    message = f"{request.method} is not for {request.path}; expected {allowed}."
    return json_answer(HTTPStatus.METHOD_NOT_ALLOWED, {"error": message}, {"Allow": allowed})
