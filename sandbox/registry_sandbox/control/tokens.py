"""/_sandbox/token: a token, good or spoiled as ordered."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import parse_qsl

from registry_sandbox.auth.issue.token_spec import UnreadableTokenSpec
from registry_sandbox.control.operation import BadControlRequest, Operation
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

MakeToken = Callable[[str, Sequence[tuple[str, str]]], str]
"""Makes a token for a FHIR base, to the order that a query's parameters give."""


def operations(make_token: MakeToken) -> list[Operation]:
    """Give the operation."""

    def token(request: Request, _: str) -> Response:
        try:
            made = make_token(request.base, parse_qsl(request.query, keep_blank_values=True))
        except UnreadableTokenSpec as error:
            raise BadControlRequest(str(error)) from error
        response = Response(HTTPStatus.OK, body=made.encode() + b"\n")
        response.headers.update({"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"})
        return response

    summary = "A token as text. `claim.NAME=`, `header.NAME=` and `without=NAME` spoil it, and may be repeated."
    return [Operation("GET", "/token", token, summary, query=None, media_types=("text/plain",))]
