"""What every answer under the base wears: request ids, no-store, CORS, gzip.

Source: registry pages (X-Request-Id, X-Correlation-Id, on provider calls); Fetch, the CORS protocol; RFC 9110.
"""

import asyncio
import gzip
import re
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus

from multidict import CIMultiDictProxy

from registry_sandbox import __version__
from registry_sandbox.http.field_names import (
    ACCEPT_ENCODING,
    CACHE_CONTROL,
    DATE,
    ORIGIN,
    SERVER,
    X_CORRELATION_ID,
    X_REQUEST_ID,
)
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.clock import Clock, http_date

_ECHOED = re.compile(r"[\x21-\x7e]{1,200}")
_EXPOSED = "Location, ETag, Last-Modified, X-Request-Id, X-Correlation-Id"
_METHODS = "GET, HEAD, POST, PUT, OPTIONS"
_HEADERS = "Authorization, Content-Type, Accept, If-Match, If-None-Match, If-Modified-Since, Prefer, X-Request-Id"

_SERVER = f"appointment-registry-sandbox/{__version__}"

WORTH_COMPRESSING_BYTES = 1_400
"""What fits one packet gains nothing."""

_OFF_LOOP_BYTES = 262_144


class CommonHeaders:
    """What dresses the answers.

    Args:
        new_id: gives the answers' own request ids.
        clock: what the Date header shows.
    """

    def __init__(self, new_id: Callable[[], str], clock: Clock) -> None:
        self._new_id = new_id
        self._clock = clock

    def add_to(self, request: Request, response: Response) -> None:
        """Put the headers on that every answer has."""
        headers = response.headers
        headers.update(_common(int(self._clock.timestamp())))
        headers[X_REQUEST_ID] = self._new_id()
        echoed = request.facts.echoed
        if echoed is None:
            echoed = request.facts.echoed = _echoed(request.headers)
        if echoed:
            headers.update(echoed)


@lru_cache(maxsize=64)  # under load, exchanges share a second
def _common(now_s: int) -> tuple[tuple[str, str], ...]:
    return (CACHE_CONTROL, "no-store"), (DATE, http_date(now_s)), (SERVER, _SERVER)


def _echoed(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """Return what is added to an answer because of what a request says."""
    replies: dict[str, str] = {}
    sent = headers.get(X_REQUEST_ID)
    # What could not have been a header value of ours is not echoed.
    if sent is not None and _ECHOED.fullmatch(sent):
        replies[X_CORRELATION_ID] = sent
    if ORIGIN in headers:
        replies["Access-Control-Allow-Origin"] = "*"
        replies["Access-Control-Expose-Headers"] = _EXPOSED
    return replies


def is_preflight(request: Request) -> bool:
    """Tell of an OPTIONS request whether a browser asks what a page may send."""
    return ORIGIN in request.headers and "Access-Control-Request-Method" in request.headers


def preflight_answer(request: Request) -> Response:
    """Answer it, as a resource that any page may use."""
    response = Response(HTTPStatus.NO_CONTENT)
    response.headers["Access-Control-Allow-Methods"] = _METHODS
    response.headers["Access-Control-Allow-Headers"] = request.headers.get("Access-Control-Request-Headers", _HEADERS)
    response.headers["Access-Control-Max-Age"] = "600"
    return response


async def compress(request: Request, response: Response) -> None:
    """Compress the body, if the client takes gzip."""
    response.headers["Vary"] = "Accept, Accept-Encoding"
    if not _takes_gzip(request.headers[ACCEPT_ENCODING]):
        return
    if len(response.body) > _OFF_LOOP_BYTES:
        response.body = await asyncio.to_thread(_gzipped, response.body)
    else:
        response.body = _gzipped(response.body)
    response.headers["Content-Encoding"] = "gzip"


def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1, mtime=0)


def _takes_gzip(accepted: str) -> bool:
    weights = {}
    for part in accepted.lower().split(","):
        coding, _, parameter = part.partition(";")
        weights[coding.strip()] = parameter.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))
