"""CORS: any page may call the sandbox; and the preflight, which asks whether it may.

Source: Fetch, the CORS protocol; RFC 9110 section 5.6.2 (tokens).
"""

import re
from http import HTTPStatus

from registry_sandbox.http.field_names import ORIGIN
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

_EXPOSED = "Location, ETag, Last-Modified, X-Request-Id, X-Correlation-Id"
_METHODS = "GET, HEAD, POST, PUT, OPTIONS"
_HEADERS = "Authorization, Content-Type, Accept, If-Match, If-None-Match, If-Modified-Since, Prefer, X-Request-Id"
_FIELD_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~\-]+([ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~\-]+)*", re.ASCII)
_LONGEST_ECHOED = 4_000

ALLOWED = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}
"""What an answer to a page says."""


async def allow_pages(request: Request, handler: Handler) -> Response:
    """Let any page use what `handler` answers, preflight included."""
    response = preflight_answer(request) if is_preflight(request) else await handler(request)
    if ORIGIN in request.headers:
        response.headers.update(ALLOWED)
    return response


def is_preflight(request: Request) -> bool:
    """True if a browser asks, with OPTIONS, what a page may send."""
    return (
        request.method == "OPTIONS" and ORIGIN in request.headers and "Access-Control-Request-Method" in request.headers
    )


def preflight_answer(request: Request) -> Response:
    """Return the answer of a resource that any page may use."""
    response = Response(HTTPStatus.NO_CONTENT)
    asked = request.headers.get("Access-Control-Request-Headers", "")[:_LONGEST_ECHOED]
    response.headers["Access-Control-Allow-Methods"] = _METHODS
    # What are no names of headers are not echoed: they could not be sent.
    response.headers["Access-Control-Allow-Headers"] = asked if _FIELD_NAMES.fullmatch(asked) else _HEADERS
    response.headers["Access-Control-Max-Age"] = "600"
    return response
