"""Faults at the token endpoint. It is no FHIR interaction, and its errors are OAuth's.

Source: RFC 6749 section 5.2.
"""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote_plus

from registry_sandbox.auth.issue.endpoint import invalid_request
from registry_sandbox.faults.injector import Injector
from registry_sandbox.faults.match import TOKEN
from registry_sandbox.fhir.finding import IssueType
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.query import LONGEST_FORM, MOST_PARAMETERS
from registry_sandbox.http.request import Client, Request
from registry_sandbox.http.response import Response


async def _by_the_endpoint(_request: Request, _service: object) -> Response:
    raise LookupError("the token endpoint answers itself")


_TOKEN_REQUEST = Interaction(
    code=TOKEN, method="POST", path="/oauth2/token", answer=_by_the_endpoint, body="form", needs_token=False
)


class TokenFaults:
    """The step before the token endpoint that injects faults, as the interaction `token`."""

    def __init__(self, injector: Injector) -> None:
        self._injector = injector

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Answer a request for a token; pass every other request on."""
        if request.method != "POST" or request.path != "/oauth2/token":
            return await handler(request)
        request.declared = _TOKEN_REQUEST
        request.client = Client(_client_named(request), may_write=False)
        try:
            response = await self._injector(request, handler)
        except SandboxError as error:
            response = invalid_request(str(error))
        if request.injected is not None:
            settled = request.injected.finish(response)
            if settled is not None:
                await settled
        return response


def oauth_refusal(
    status: int, issue_type: IssueType, spine_code: str, message: str, headers: Mapping[str, str]
) -> Response:
    """Return the response of an injected error, in the form of RFC 6749 section 5.2: the status decides about `error`.

    OAuth has neither FHIR's issue types nor the Spine's codes, so these are ignored.
    """
    del issue_type, spine_code
    fallback = "invalid_request" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "temporarily_unavailable"
    body = {"error": _ERRORS.get(status, fallback), "error_description": message}
    return json_response(status, body, {"Pragma": "no-cache", **headers})


_ERRORS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "invalid_client",
    HTTPStatus.FORBIDDEN: "unauthorized_client",
    HTTPStatus.TOO_MANY_REQUESTS: "temporarily_unavailable",
    HTTPStatus.INTERNAL_SERVER_ERROR: "server_error",
}


def _client_named(request: Request) -> str:
    if len(request.body) > LONGEST_FORM:
        return ""
    try:
        form = dict(parse_qsl(request.body.decode("ascii"), max_num_fields=MOST_PARAMETERS))
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        basic = base64.b64decode(encoded).decode().partition(":")[0] if scheme.lower() == "basic" else ""
    except ValueError:
        return ""
    return form.get("client_id", "") or unquote_plus(basic)
