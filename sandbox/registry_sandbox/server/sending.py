"""Answers as they leave: one that has all its headers is written in one go, as the bytes it is; any other by aiohttp.

aiohttp copies the headers, completes them, sorts out the body and writes the two in turn, which costs as much as all
that a read costs before. What the common headers were added to is complete already.

Source: RFC 9112 sections 4 and 9.3 (status line, persistence); RFC 9110 section 8.6 (Content-Length).
"""

from functools import lru_cache
from http import HTTPStatus

from aiohttp import HttpVersion10, web
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict

from registry_sandbox.http.field_names import DATE
from registry_sandbox.http.response import Response, Sent

_WITHOUT_BODY = (204, 304)
_UNREADABLE = "UNKNOWN"
"""The method of what aiohttp could not read."""


class Prepared(web.StreamResponse):
    """An answer as it will be written.

    Args:
        response: the answer, which has all its headers.
        head: its status line and headers, with the empty line.
        body: what follows.
        keep_alive: whether the connection is kept.
    """

    def __init__(self, response: Response, head: bytes, body: bytes, *, keep_alive: bool) -> None:
        # The base class is not initialised: that makes a header dictionary and looks up a reason for every answer, and
        # all that aiohttp asks of an answer that it has been given is overridden here.
        self._response = response
        self._octets = head, body
        self._lasting = keep_alive

    @property
    def status(self) -> int:
        """The status."""
        return self._response.status

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers, but for those of the connection."""
        return self._response.headers

    @property
    def keep_alive(self) -> bool:
        """Whether the connection is kept."""
        return self._lasting

    def force_close(self) -> None:
        """Close the connection once the answer is sent."""
        self._lasting = False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """Write everything, and wait where the client reads too slowly."""
        transport, writer = request.transport, request.writer
        if transport is None or transport.is_closing():
            self._response.lost = Sent(ended="lost")
            raise ConnectionResetError("the client has hung up")
        head, body = self._octets
        transport.write(head + body if len(body) < _ONE_WRITE_BYTES else head)
        if len(body) >= _ONE_WRITE_BYTES:
            transport.write(body)
        try:
            await writer.drain()  # at once, unless the client reads too slowly
        except ConnectionError:
            self._response.lost = Sent(head=True, body_bytes=len(body), ended="lost")
            raise
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: all was written."""


_ONE_WRITE_BYTES = 65_536  # below it, to copy a body costs less than a second write


def sendable(response: Response, http: web.BaseRequest, *, last: bool = False) -> web.StreamResponse:
    """Return what aiohttp sends in answer to a request; `last` closes the connection behind it.

    Raises:
        ValueError: a header's value has a line break or a NUL.
    """
    if DATE not in response.headers:
        made = web.Response(status=response.status, body=response.body or None, headers=response.headers)
        if last:
            made.force_close()
        return made
    # What could not be read has no version: aiohttp says 1.0 of it, and the client spoke 1.1 most likely.
    old = http.version <= HttpVersion10 and http.method != _UNREADABLE
    keep_alive = http.keep_alive and not last
    connection = ("keep-alive" if old else "") if keep_alive else "close"
    head = _head(response, _status_line(old, response.status), connection)
    body = b"" if http.method == "HEAD" or response.status in _WITHOUT_BODY else response.body
    return Prepared(response, head, body, keep_alive=keep_alive)


def octets(response: Response, *, connection: str) -> bytes:
    """Return an answer to what never became a request, as it is written in HTTP/1.1."""
    return _head(response, _status_line(False, response.status), connection) + response.body  # noqa: FBT003


def _head(response: Response, status_line: str, connection: str) -> bytes:
    headers = "\r\n".join(map(": ".join, response.headers.items()))
    # A line break in a value would let its author write headers of his own, or a second answer.
    breaks = len(response.headers) - 1
    if headers.count("\n") != breaks or headers.count("\r") != breaks or "\0" in headers:
        raise ValueError("a header's value has a line break or a NUL")
    length = "" if response.status in _WITHOUT_BODY else f"\r\nContent-Length: {len(response.body)}"
    persistence = f"\r\nConnection: {connection}" if connection else ""
    return f"{status_line}{headers}{length}{persistence}\r\n\r\n".encode()


@lru_cache(maxsize=128)
def _status_line(old: bool, status: int) -> str:  # noqa: FBT001 - it keys a cache
    reason = HTTPStatus(status).phrase if status in _KNOWN else ""
    return f"HTTP/1.{0 if old else 1} {int(status)} {reason}\r\n"


_KNOWN = frozenset(int(each) for each in HTTPStatus)
