"""CORS: any web page may call the sandbox, and the preflight says so.

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
"""The headers of every answer to a page."""


async def allow_pages(request: Request, handler: Handler) -> Response:
    """Let any page read what `handler` answers; answer preflights."""
    response = preflight_answer(request) if is_preflight(request) else await handler(request)
    if ORIGIN in request.headers:
        response.headers.update(ALLOWED)
    return response


def is_preflight(request: Request) -> bool:
    """Return True if a browser asks, with OPTIONS, what a page may send."""
    return (
        request.method == "OPTIONS" and ORIGIN in request.headers and "Access-Control-Request-Method" in request.headers
    )


def preflight_answer(request: Request) -> Response:
    """Return the answer to a preflight: any page may send what it asks for."""
    response = Response(HTTPStatus.NO_CONTENT)
    asked = request.headers.get("Access-Control-Request-Headers", "")[:_LONGEST_ECHOED]
    response.headers["Access-Control-Allow-Methods"] = _METHODS
    # Only names of headers are echoed.
    response.headers["Access-Control-Allow-Headers"] = asked if _FIELD_NAMES.fullmatch(asked) else _HEADERS
    response.headers["Access-Control-Max-Age"] = "600"
    return response
