"""The wire: what faults can do to a connection, with the public interfaces of aiohttp and asyncio alone."""

import asyncio
import socket
import struct
import sys
import time

from aiohttp import HttpVersion11, web

from registry_sandbox.http.response import WITHOUT_BODY, Delivery, Response, Sent

_RST_ON_CLOSE = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)
_FLUSH_ROUNDS = 10_000


class HttpWire:
    """The connection of one exchange; `answer` is what aiohttp gets in the end.

    Args:
        http: the request that is answered.
        report: records what was sent.
        gone: is set when the client has hung up.
    """

    def __init__(self, http: web.BaseRequest, report: Sent, gone: asyncio.Event) -> None:
        self._http = http
        self._report = report
        self._gone = gone
        self._has_body = False
        self.answer: web.StreamResponse = web.Response()

    async def head(self, response: Response) -> None:
        """Send the status line and the headers, with the Content-Length of the whole body."""
        bodiless = response.status in WITHOUT_BODY
        self._has_body = not bodiless and self._http.method != "HEAD"
        if not self._has_body or self._http.version < HttpVersion11:  # neither can be sent in chunks
            response.headers.popall("Transfer-Encoding", None)
        self.answer = web.StreamResponse(status=response.status, headers=response.headers)
        if "Transfer-Encoding" in response.headers:
            self.answer.enable_chunked_encoding()
        elif not bodiless:
            self.answer.content_length = len(response.body)
        if response.headers.get("Connection") == "close":
            self.answer.force_close()
        await self.answer.prepare(self._http)
        self._report.head = True
        self._report.first_byte_s = time.monotonic()

    async def body(self, part: bytes) -> None:
        """Send a part of the body; nothing if the answer has none."""
        if self._has_body and part:
            await self.answer.write(part)
            self._report.body_bytes += len(part)

    async def raw(self, octets: bytes) -> None:
        """Send octets that are not framed as HTTP."""
        if self._http.transport is not None:
            self._http.transport.write(octets)
            self._report.first_byte_s = self._report.first_byte_s or time.monotonic()

    async def close(self) -> None:
        """End the connection by FIN, once everything is sent."""
        await self._flush()
        self._report.ended = "lost" if self._gone.is_set() else "closed"
        if self._http.transport is not None:
            self._http.transport.close()

    async def reset(self) -> None:
        """Break the connection by RST, once everything is sent."""
        await self._flush()
        self._report.ended = "lost" if self._gone.is_set() else "reset"
        transport = self._http.transport
        if transport is not None:
            # A socket that does not linger sends RST when it is closed.
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
            transport.abort()

    async def gone(self) -> None:
        """Wait until the client has hung up."""
        await self._gone.wait()

    async def _flush(self) -> None:
        # uvloop writes at the end of the loop's iteration. There is no wait for a client that reads nothing.
        for _ in range(_FLUSH_ROUNDS):
            await asyncio.sleep(0)
            transport = self._http.transport
            if transport is None or not transport.get_write_buffer_size():
                return


async def deliver(
    http: web.BaseRequest, response: Response, delivery: Delivery, gone: asyncio.Event
) -> web.StreamResponse:
    """Send an answer through its delivery, and return what aiohttp has to finish."""
    wire = HttpWire(http, delivery.report, gone)
    try:
        await delivery.deliver(response, wire)
    except ConnectionError:
        delivery.report.ended = "lost"
    if delivery.report.ended == "under way":
        delivery.report.ended = "whole"
    return wire.answer
