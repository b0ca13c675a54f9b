"""The names of the HTTP fields that the sandbox looks up, each as an `istr`.

multidict compares names in lower case. An `istr` keeps its lower-case form; for a plain string every look-up makes it.
Source: RFC 9110 section 5.1 (field names).
"""

from typing import Final

from multidict import istr

ACCEPT: Final = istr("Accept")
ACCEPT_ENCODING: Final = istr("Accept-Encoding")
AUTHORIZATION: Final = istr("Authorization")
CACHE_CONTROL: Final = istr("Cache-Control")
CONTENT_ENCODING: Final = istr("Content-Encoding")
CONTENT_TYPE: Final = istr("Content-Type")
DATE: Final = istr("Date")
ETAG: Final = istr("ETag")
EXPECT: Final = istr("Expect")
HOST: Final = istr("Host")
TRANSFER_ENCODING: Final = istr("Transfer-Encoding")
IF_MATCH: Final = istr("If-Match")
IF_MODIFIED_SINCE: Final = istr("If-Modified-Since")
IF_NONE_MATCH: Final = istr("If-None-Match")
LAST_MODIFIED: Final = istr("Last-Modified")
LOCATION: Final = istr("Location")
ORIGIN: Final = istr("Origin")
PREFER: Final = istr("Prefer")
SERVER: Final = istr("Server")
X_CORRELATION_ID: Final = istr("X-Correlation-Id")
X_REQUEST_ID: Final = istr("X-Request-Id")
