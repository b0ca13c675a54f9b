"""Answers as they leave: a dressed one is written in one go, as the bytes it is; any other as aiohttp does it.

aiohttp copies the headers, completes them, sorts out the body and writes the two in turn, which costs as much as all
the judging of a read. What the envelope has dressed is complete already.

Source: RFC 9112 sections 4 and 9.3 (status line, persistence); RFC 9110 section 8.6 (Content-Length).
"""

from functools import lru_cache
from http import HTTPStatus

from aiohttp import HttpVersion10, web
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict

from registry_sandbox.http.field_names import DATE
from registry_sandbox.http.response import Response

_WITHOUT_BODY = (204, 304)
_CONNECTION = ("\r\nConnection: close", "\r\nConnection: keep-alive")
_ONE_WRITE_BYTES = 65_536  # below it, to copy a body costs less than a second write


class Prepared(web.StreamResponse):
    """An answer whose headers are complete but for those of the connection."""

    def __init__(self, response: Response) -> None:
        # The base class is not initialised: that makes a header dictionary and looks up a reason for every answer, and
        # all that aiohttp asks of an answer that it has been given is overridden here.
        self._response = response
        self._lasting = True

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
        response, writer = self._response, request.writer
        self._lasting = self._lasting and request.keep_alive
        old = request.version == HttpVersion10
        closing = "" if self._lasting and not old else _CONNECTION[self._lasting]
        head = _head(response, _status_line(old, response.status), closing)
        body = b"" if request.method == "HEAD" or response.status in _WITHOUT_BODY else response.body
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has hung up")
        if len(body) < _ONE_WRITE_BYTES:
            transport.write(head + body)
        else:
            transport.write(head)
            transport.write(body)
        await writer.drain()  # at once, unless the client reads too slowly
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: all was written."""


def _head(response: Response, status_line: str, connection: str) -> bytes:
    headers = "\r\n".join(map(": ".join, response.headers.items()))
    # A line break in a value would let its author write headers of his own, or a second answer.
    breaks = len(response.headers) - 1
    if headers.count("\n") != breaks or headers.count("\r") != breaks or "\0" in headers:
        raise ValueError("a header's value has a line break or a NUL")
    length = "" if response.status in _WITHOUT_BODY else f"\r\nContent-Length: {len(response.body)}"
    return f"{status_line}{headers}{length}{connection}\r\n\r\n".encode()


@lru_cache(maxsize=128)
def _status_line(old: bool, status: int) -> str:  # noqa: FBT001 - it keys a cache
    reason = HTTPStatus(status).phrase if status in _KNOWN else ""
    return f"HTTP/1.{0 if old else 1} {int(status)} {reason}\r\n"


_KNOWN = frozenset(int(each) for each in HTTPStatus)


def sendable(response: Response) -> web.StreamResponse:
    """Give what aiohttp sends."""
    if DATE in response.headers:
        return Prepared(response)
    return web.Response(status=response.status, body=response.body or None, headers=response.headers)
