"""What the journal keeps of a large request: one must not push out all others. And what headers weigh."""

import copy
from collections.abc import Mapping
from typing import Final

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

KEPT_BYTES_AT_MOST: Final = 65_536
"""Of one body, or of the headers of one request."""

USUAL_HEAD_BYTES: Final = 4_096
"""Of the headers of one request. What an answer repeats of smaller ones is not weighed."""

_HEADER_BYTES: Final = 150  # what a header takes beside its name and value


def weight(headers: Mapping[str, str]) -> int:
    """Return roughly how many bytes headers take in memory."""
    # A dictionary that ignores case keeps each name twice: as it was sent, and as it is compared.
    return 2 * sum(map(len, headers)) + sum(map(len, headers.values())) + _HEADER_BYTES * len(headers)


def shortened(request: Request, response: Response | None, heads: int) -> tuple[Request, Response | None, int]:
    """Return request and answer, or copies that keep only the beginning of what is large, and how many bytes they take.

    Args:
        request: what came.
        response: the answer, if there is one.
        heads: the weight of the request's headers.
    """
    if len(request.body) > KEPT_BYTES_AT_MOST or heads > KEPT_BYTES_AT_MOST:
        request = copy.copy(request)
        request.body = request.body[:KEPT_BYTES_AT_MOST]
        if heads > KEPT_BYTES_AT_MOST:
            request.headers, heads = _beginning(request.headers), KEPT_BYTES_AT_MOST
    size = heads + len(request.path) + len(request.query) + len(request.body)
    if response is not None:
        if len(response.body) > KEPT_BYTES_AT_MOST:
            response = copy.copy(response)
            response.body = response.body[:KEPT_BYTES_AT_MOST]
        size += len(response.body)
        if heads > USUAL_HEAD_BYTES:  # an answer may repeat what they say: the base, CORS
            size += weight(response.headers)
    return request, response, size


def _beginning(headers: CIMultiDictProxy[str]) -> CIMultiDictProxy[str]:
    kept: CIMultiDict[str] = CIMultiDict()
    room = KEPT_BYTES_AT_MOST
    for name, value in headers.items():
        room -= 2 * len(name) + len(value[:USUAL_HEAD_BYTES]) + _HEADER_BYTES
        if room < 0:
            break
        kept.add(name, value[:USUAL_HEAD_BYTES])
    return CIMultiDictProxy(kept)
