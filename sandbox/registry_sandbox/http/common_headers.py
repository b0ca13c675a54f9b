"""The headers of every answer under the base: request ids, Cache-Control, Date, and CORS for web pages.

Source: registry pages (X-Request-Id, X-Correlation-Id, on provider calls); Fetch, the CORS protocol; RFC 9110.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from registry_sandbox import __version__
from registry_sandbox.http.cors import ALLOWED
from registry_sandbox.http.field_names import (
    CACHE_CONTROL,
    DATE,
    ORIGIN,
    SERVER,
    X_CORRELATION_ID,
    X_REQUEST_ID,
)
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import InCommon, Response
from registry_sandbox.runtime.clock import Clock, http_date

_ECHOED = re.compile(r"[\x21-\x7e]{1,200}")
SERVER_NAME = f"appointment-registry-sandbox/{__version__}"
"""The value of the Server header of every answer."""


class CommonHeaders:
    """Adds the common headers to answers.

    Args:
        new_id: returns a new request id for each answer.
        clock: the clock that the Date header shows.
    """

    def __init__(self, new_id: Callable[[], str], clock: Clock) -> None:
        self._new_id = new_id
        self._clock = clock

    def add_to(self, request: Request, response: Response) -> None:
        """Add all headers to the answer to a request."""
        self.add_basic(response)
        sent, facts = request.headers.get(X_REQUEST_ID), request.facts
        if sent is not None and (sent == facts.echoed or _is_echoed(sent)):
            facts.echoed = response.headers[X_CORRELATION_ID] = sent
        if ORIGIN in request.headers:
            response.headers.update(ALLOWED)

    async def identify(self, request: Request, handler: Handler) -> Response:
        """Add the request ids alone, as a middleware for what is no FHIR interaction."""
        response = await handler(request)
        response.headers[X_REQUEST_ID] = self._new_id()
        sent = request.headers.get(X_REQUEST_ID)
        if sent is not None and _is_echoed(sent):
            response.headers[X_CORRELATION_ID] = sent
        return response

    def add_basic(self, response: Response) -> None:
        """Add the headers that depend on no request, for an answer to what could not be read as a request."""
        response.common = _common(int(self._clock.timestamp()))
        response.headers[X_REQUEST_ID] = self._new_id()


@lru_cache(maxsize=64)  # under load, exchanges share a second
def _common(now_s: int) -> InCommon:
    items = (CACHE_CONTROL, "no-store"), (DATE, http_date(now_s)), (SERVER, SERVER_NAME)
    return InCommon(items, "\r\n".join(f"{name}: {value}" for name, value in items))


def _is_echoed(sent_id: str) -> bool:
    """Return True if a client's request id is echoed: only one that we could send ourselves."""
    return _ECHOED.fullmatch(sent_id) is not None
