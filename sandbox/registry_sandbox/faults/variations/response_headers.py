"""Variations of an answer's headers: the case and order of names, the spelling of the media type, unknown ones, chunks.

Source: RFC 9110 sections 5.1 (names), 5.3 (order) and 8.3.1 (media types); RFC 9112 section 7.1 (chunked).
"""

from collections.abc import Collection
from typing import Final

from multidict import CIMultiDict

from registry_sandbox.faults.variations import Draw, chosen, shuffled
from registry_sandbox.http.response import Response

CASE: Final = "header-case"
ORDER: Final = "header-order"
UNKNOWN: Final = "headers"
MEDIA_TYPE: Final = "content-type"
CHUNKED: Final = "chunked"
NAMES: Final = (CASE, ORDER, UNKNOWN, MEDIA_TYPE, CHUNKED)

_UNKNOWN: Final = (("Via", "1.1 gateway.example"), ("X-Served-By", "node-3"), ("Server-Timing", "app;dur=4"))
_CHARSETS: Final = (";charset=UTF-8", '; charset="utf-8"', " ; Charset=utf-8")


def varied(response: Response, wanted: Collection[str], draw: Draw) -> list[str]:
    """Change the headers of an answer, and return the names of the variations."""
    headers = response.headers
    done = [each for each in (CASE, ORDER, UNKNOWN) if each in wanted]
    if UNKNOWN in wanted:
        headers.extend([chosen(draw, UNKNOWN, _UNKNOWN)])
    if MEDIA_TYPE in wanted and "; charset=utf-8" in headers.get("Content-Type", ""):
        media_type = headers["Content-Type"].partition(";")[0]
        headers["Content-Type"] = media_type + chosen(draw, MEDIA_TYPE, _CHARSETS)
        done.append(MEDIA_TYPE)
    items = list(headers.items())
    if ORDER in wanted:
        items = shuffled(draw, ORDER, items)
    if CASE in wanted:
        case = chosen(draw, CASE, (str.lower, str.upper))
        items = [(case(name), value) for name, value in items]
    response.headers = CIMultiDict(items)
    return done
