"""How answers are sent: one with all its headers is written in one piece; any other is left to aiohttp.

aiohttp copies and completes the headers, and writes head and body one after the other. That costs as much as everything
else that a read does. An answer with the common headers is complete already.

Source: RFC 9112 sections 4 and 9.3 (status line, persistence); RFC 9110 section 8.6 (Content-Length).
"""

from functools import lru_cache
from http import HTTPStatus

from aiohttp import HttpVersion10, web
from multidict import CIMultiDict

from registry_sandbox.http.common_headers import SERVER_NAME
from registry_sandbox.http.field_names import DATE, SERVER
from registry_sandbox.http.response import NOTHING_IN_COMMON, WITHOUT_BODY, Response, Sent

_UNREADABLE = "UNKNOWN"
"""The method that aiohttp reports for a request that it could not read."""


class Prepared(web.StreamResponse):
    """An answer that is ready to be written.

    Args:
        response: the answer, with all its headers.
        head: its status line and headers, with the empty line.
        body: the bytes that follow.
        keep_alive: whether the connection stays open.
    """

    def __init__(self, response: Response, head: bytes, body: bytes, keep_alive: bool) -> None:  # noqa: FBT001 - a keyword takes longer
        # The base class is not initialised: it would make a header dictionary and look up a reason for every answer.
        # Everything that aiohttp asks of a finished answer is overridden here.
        self._response = response
        self._octets = head, body
        self._lasting = keep_alive

    @property
    def status(self) -> int:
        """The status."""
        return self._response.status

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers, without those of the connection."""
        return self._response.all_headers

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays open."""
        return self._lasting

    def force_close(self) -> None:
        """Close the connection once the answer is sent."""
        self._lasting = False

    async def prepare(self, request: web.BaseRequest) -> None:
        """Write everything, and wait if the client reads too slowly. Return no writer: nothing is left to write."""
        connection = request.protocol
        transport = connection.transport
        if transport is None or transport.is_closing():
            self._response.lost = Sent(ended="lost")
            raise ConnectionResetError("the client has hung up")
        head, body = self._octets
        if len(body) < _ONE_WRITE_BYTES:
            transport.write(head + body)
        else:
            transport.write(head)
            transport.write(body)
        if connection.writing_paused:
            try:
                await request.writer.drain()
            except ConnectionError:
                self._response.lost = Sent(head=True, body_bytes=len(body), ended="lost")
                raise

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: all was written."""


_ONE_WRITE_BYTES = 65_536  # below this size, copying the body costs less than a second write


def sendable(response: Response, http: web.BaseRequest, *, last: bool = False) -> web.StreamResponse:
    """Return the answer in aiohttp's form; `last` closes the connection after it.

    Raises:
        ValueError: a header's value has a line break or a NUL.
    """
    if response.common is NOTHING_IN_COMMON and DATE not in response.headers:
        response.headers.setdefault(SERVER, SERVER_NAME)
        made = web.Response(status=response.status, body=response.body or None, headers=response.headers)
        if last:
            made.force_close()
        return made
    # An unreadable request has no version. aiohttp reports 1.0, but the client most likely spoke 1.1.
    old = http.version <= HttpVersion10 and http.method != _UNREADABLE
    keep_alive = http.keep_alive and not last
    connection = "close" if not keep_alive else "keep-alive" if old else ""
    head = _head(response, _status_line(old, response.status), connection)
    bodiless = http.method == "HEAD" or response.status in WITHOUT_BODY
    return Prepared(response, head, b"" if bodiless else response.body, keep_alive)


def octets(response: Response, *, connection: str) -> bytes:
    """Return the bytes of an answer, in HTTP/1.1, for a connection that has no request."""
    return _head(response, _status_line(False, response.status), connection) + response.body  # noqa: FBT003


def _head(response: Response, status_line: str, connection: str) -> bytes:
    lines = list(map(_AS_LINE, response.headers.items()))
    # A line break in a value would let a client add headers, or a second answer.
    values = "".join(lines)
    if "\n" in values or "\r" in values or "\0" in values:
        raise ValueError("a header's value has a line break or a NUL")
    if response.common.lines:
        lines.append(response.common.lines)
    if response.status not in WITHOUT_BODY:
        lines.append(f"Content-Length: {len(response.body)}")
    headers = "\r\n".join(lines)
    return f"{status_line}{headers}{_END[connection]}".encode()


_AS_LINE = ": ".join
_END = {
    "": "\r\n\r\n",
    "close": "\r\nConnection: close\r\n\r\n",
    "keep-alive": "\r\nConnection: keep-alive\r\n\r\n",
}


@lru_cache(maxsize=128)
def _status_line(old: bool, status: int) -> str:  # noqa: FBT001 - it keys a cache
    reason = HTTPStatus(status).phrase if status in _KNOWN else ""
    return f"HTTP/1.{0 if old else 1} {int(status)} {reason}\r\n"


_KNOWN = frozenset(int(each) for each in HTTPStatus)
