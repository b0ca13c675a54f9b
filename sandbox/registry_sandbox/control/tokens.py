"""/_sandbox/token: a test token, good or malformed."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import parse_qsl

from registry_sandbox.auth.issue.token_spec import UnreadableTokenSpec
from registry_sandbox.control.operation import Operation, refused_for
from registry_sandbox.http.json_response import plain_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

MakeToken = Callable[[str, Sequence[tuple[str, str]]], str]
"""Returns the test token for a FHIR base that the parameters of a query specify."""


def operations(make_token: MakeToken, registry_base: Callable[[str], str]) -> list[Operation]:
    """Return the operation.

    Args:
        make_token: makes the token.
        registry_base: returns the registry's own FHIR base for the base of a call; they differ if the control plane has
            a port of its own.
    """

    def token(request: Request, _: str) -> Response:
        with refused_for(UnreadableTokenSpec):
            made = make_token(registry_base(request.base), parse_qsl(request.query, keep_blank_values=True))
        return plain_response(HTTPStatus.OK, "text/plain; charset=utf-8", made.encode())

    summary = "A token as text. `claim.NAME=`, `header.NAME=` and `without=NAME` change it, and may be repeated."
    return [Operation("GET", "/token", token, summary, query=None, media_types=("text/plain",))]
