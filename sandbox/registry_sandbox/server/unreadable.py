"""Why a request could not be read as HTTP, in our own words, because the parser's message may quote a token.

Source: RFC 9112; operator.md.
"""

import re
from typing import Final

_REASONS: Final = (
    (r"https traffic", "it is TLS; this port speaks plain HTTP"),
    (r"missing.*host", "it has no Host header; expected one"),
    (r"content-length.*transfer-encoding|transfer-encoding.*content-length", "it has Content-Length and chunks"),
    (r"duplicate.*content-length|content-length.*(once|already|unexpected|duplicate)", "it has two Content-Lengths"),
    (r"content-length", "Content-Length is no number; expected digits alone"),
    (r"duplicate 'host'|duplicate.*host|host.*duplicate", "it has two Host headers; expected one"),
    (r"duplicate.*content-type|content-type.*duplicate", "it has two Content-Types; expected one"),
    (r"duplicate '|singleton header", "a header is there twice that may be there once"),
    (r"chunk", "a chunk of the body is malformed; expected its size in hexadecimal, CRLF, that many bytes, CRLF"),
    (r"after header value|fold", "a header goes on in a second line; expected each in one line"),
    (r"(expected|missing).*\b(cr|lf|crlf)\b", "a line does not end with CRLF"),
    (r"transfer-encoding", "Transfer-Encoding cannot be used; expected chunked, or none"),
    (r"too many headers|header.*(count|number)", "it has too many headers"),
    (
        r"(got )?more than|too long|size.*exceed|line.*too",
        "a line or a header is too long; expected up to 65,536 bytes",
    ),
    (r"pri \* |http/2|preface", "it is HTTP/2; expected HTTP/1.1"),
    (r"pause on pri", "it is HTTP/2; expected HTTP/1.1"),
    (r"space after method", "its request line is malformed; expected METHOD PATH HTTP/1.1"),
    (r"method", "its method is malformed, or none that HTTP has"),
    (r"version|expected http/|http/", "its request line has no HTTP version that can be read; expected HTTP/1.1"),
    (
        r"url|path|target|request line|status line|space",
        "its request line is malformed; expected METHOD PATH HTTP/1.1",
    ),
    (r"header (value|token|name|field)|header", "a header is malformed; expected Name: value"),
    (r"cr|lf|line", "a line does not end with CRLF"),
)
_COMPILED: Final = tuple((re.compile(pattern, re.IGNORECASE), reason) for pattern, reason in _REASONS)
_LOOKED_AT: Final = 400
_QUOTED: Final = "\n\n  b"
"""Before what the parser quotes of the request, in which any of these words may stand."""


def reason(said: str) -> str:
    """Return a sentence for the HTTP parser's message, which quotes nothing of the request."""
    first = said.partition(_QUOTED)[0][:_LOOKED_AT]
    for pattern, told in _COMPILED:
        if pattern.search(first):
            return f"The request cannot be read as HTTP/1.1: {told}."
    return "The request cannot be read as HTTP/1.1."
