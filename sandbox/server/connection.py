"""One connection: from the socket to plain values and back.

aiohttp answers each request in a task, for which another task waits; to make them and to wake them costs as much as
aiohttp's parsing and writing. Most of our exchanges wait for nothing. So an exchange is begun where its request is
parsed, and if it ends there, its answer is written there. One that has to wait, for a thread, for a fault's delay or
for the rest of its body, is left to aiohttp as it is, and so is whatever is unusual about a connection.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeGuard

from aiohttp import HttpVersion11, web
from aiohttp.http import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.typedefs import RawHeaders
from multidict import CIMultiDictProxy

from sandbox.errors import InternalServerError, InvalidHeader, SandboxError
from sandbox.exchange import Handler, Request, Response
from sandbox.field_names import CONTENT_ENCODING, HOST
from sandbox.server.begun import begun
from sandbox.server.body import NO_BODY, Body, decoded, received
from sandbox.server.rounds import Rounds
from sandbox.server.sending import is_small, octets, sendable
from sandbox.server.wire import deliver

_HOST = re.compile(r"[A-Za-z0-9.\-_~]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", re.ASCII)
_ABSOLUTE_FORM = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_OWN_BASE = "own base"

AccessLine = Callable[[str, Request, Response], None]
"""Told of every exchange: the address that it came from, the request and the answer."""

Refusal = Callable[[SandboxError], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What the connections to a port have in common.

    `handle` is the front of the house; `base_url` the configured base, if there is one; `base_path` that of the base
    otherwise, below the host that a request names. A body may have `max_body` bytes, as sent and inflated. `secure`
    tells whether what comes in comes over TLS. `refuse` words the answer to what cannot be read as HTTP.
    """

    handle: Handler
    base_url: str | None
    base_path: str
    max_body: int
    access_line: AccessLine
    secure: bool
    refuse: Refusal


class Connection(web.RequestHandler):
    """One connection; what is not HTTP at all is refused here, in the words of the house and without quoting it."""

    def __init__(self, listener: Listener, server: web.Server, rounds: Rounds) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type] # None is how aiohttp is told to write none
            auto_decompress=False,
            max_field_size=65_536,
            max_line_size=65_536,
        )
        self._listener = listener
        self._rounds = rounds
        self._begun: tuple[Request, Response | Awaitable[Response]] | None = None
        self._said: RawHeaders | None = None  # the headers of the last request, as they were sent
        self._heard: tuple[CIMultiDictProxy[str], dict[str, Any]]  # what was made of them
        self._ending: asyncio.Future[Response] | None = None  # nobody else keeps it
        self._remote = "-"
        self._gone = asyncio.Event()
        # aiohttp counts the messages that wait from 3.14 on.
        self._consumed: Callable[[], None] = getattr(self._parser, "message_consumed", lambda: None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note who calls."""
        super().connection_made(transport)
        peer = self.peername
        self._remote = str(peer[0] if isinstance(peer, (list, tuple)) else peer or "-")

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell whoever keeps the client waiting that it has hung up."""
        self._gone.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Deal with data together with what comes on other connections; nothing is said to go on with what is there."""
        if data:
            self._rounds.came(self._deal_with, data)
        else:
            super().data_received(data)

    def _deal_with(self, data: bytes) -> None:
        try:
            self._answer_or_leave(data)
        except Exception:
            self.logger.exception("unexpected failure on a connection")
            self.force_close()

    def _answer_or_leave(self, data: bytes) -> None:
        """Answer a request at once, if that can be; leave everything else to aiohttp."""
        waiter = self._waiter
        if waiter is None or waiter.done():  # an exchange is under way
            super().data_received(data)
            return
        self._waiter = None  # so that aiohttp wakes nobody yet
        try:
            super().data_received(data)
            left = self._messages and not self._answered_at_once()
        finally:
            self._waiter = waiter
        if left and not waiter.done():
            if self.transport is None or self.transport.is_closing():
                self._end_without_client()
            else:
                waiter.set_result(None)

    def _end_without_client(self) -> None:
        """Go on with what was begun for a client that has hung up meanwhile; what was not begun is left."""
        begun, self._begun = self._begun, None
        self._messages.clear()
        if begun is not None and not isinstance(begun[1], Response):
            self._ending = asyncio.ensure_future(begun[1])

    def resume_reading(self, *how: bool, **named: bool) -> None:
        """Resume reading where it was paused; aiohttp goes through all of it twice for each body."""
        if self._reading_paused:
            super().resume_reading(*how, **named)

    def _answered_at_once(self) -> bool:
        """Answer the request that has come, unless it has to wait; what was begun of it is gone on with in a task."""
        message, payload = self._messages[0]
        transport = self.transport
        if len(self._messages) > 1 or not _is_ordinary(message) or transport is None or self.writing_paused:
            return False
        body = self._whole_body(message, payload)
        if body is None:
            return False
        request = self._request(message.method, message.path, message.headers, message.raw_headers, body)
        response = begun(self._listener.handle(request))
        if not isinstance(response, Response) or not is_small(response):
            self._begun = request, response
            return False
        self._listener.access_line(self._remote, request, response)
        self._rounds.send(transport, octets(response, request.method))
        self._messages.popleft()
        self._consumed()
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        return True

    def _whole_body(self, message: RawRequestMessage, payload: StreamReader) -> Body | None:
        """Give the body, if all of it has come and it is not too large."""
        if payload is EMPTY_PAYLOAD:
            return NO_BODY
        if not payload.is_eof() or payload.total_bytes > self._listener.max_body:
            return None
        return decoded(payload.read_nowait(), message.headers.getall(CONTENT_ENCODING, ()), self._listener.max_body)

    async def answer(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer a request in a task of its own, or go on with one that was begun."""
        request, response = await self._waited_for(http)
        if response.delivery is None:
            self._listener.access_line(self._remote, request, response)
            return sendable(response)
        try:
            return await deliver(http, response, response.delivery, self._gone)
        finally:
            self._listener.access_line(self._remote, request, response)

    async def _waited_for(self, http: web.BaseRequest) -> tuple[Request, Response]:
        begun, self._begun = self._begun, None
        if begun is not None:
            request, response = begun
            return request, response if isinstance(response, Response) else await response
        body = await received(http, self._listener.max_body)
        request = self._request(http.method, http.raw_path, http.headers, http.raw_headers, body)
        return request, await self._listener.handle(request)

    def _request(
        self, method: str, target: str, headers: CIMultiDictProxy[str], said: RawHeaders, body: Body
    ) -> Request:
        listener = self._listener
        if not target.startswith("/"):
            target = _ABSOLUTE_FORM.sub("", target, count=1) or "/"
        path, _, query = target.partition("#")[0].partition("?")
        if self._said != said:
            self._said, self._heard = said, (headers, {})
        headers, known = self._heard
        own: str | None = known.get(_OWN_BASE)
        if own is None:
            own = known[_OWN_BASE] = self._own_base(headers.get(HOST, ""))
        subject = self._subject() if listener.secure else ""
        base, called_as = (own, "") if listener.base_url is None else (listener.base_url, own)
        return Request(method, path, query, headers, body[0], base, body[1], subject, called_as, known)

    def _own_base(self, host: str) -> str:
        scheme, authority = "https" if self._listener.secure else "http", host
        if not _HOST.fullmatch(host):
            name, port = self._own_address()
            authority = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
        return f"{scheme}://{authority}{self._listener.base_path}"

    def _own_address(self) -> tuple[str, int]:
        name, port = self.transport.get_extra_info("sockname")[:2] if self.transport else ("127.0.0.1", 0)
        return name, port

    def _subject(self) -> str:
        if self.transport is None:
            return ""
        from sandbox.server.tls import subject_of

        ssl_object = self.transport.get_extra_info("ssl_object")
        return subject_of(ssl_object) if ssl_object is not None else ""

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - what aiohttp calls it with
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it may quote a token
    ) -> web.StreamResponse:
        """Answer a request that aiohttp could not read, or that our own code failed on."""
        if status == web.HTTPBadRequest.status_code:
            error: SandboxError = InvalidHeader("The request line or a header cannot be read as HTTP/1.1.")
        else:
            error = InternalServerError("The sandbox failed unexpectedly; its log says why.")
            self.logger.error("unexpected failure in the server", exc_info=exc)
        response = sendable(self._listener.refuse(error))
        response.force_close()
        return response


def _is_ordinary(message: object) -> TypeGuard[RawRequestMessage]:
    """Tell whether a message is a plain request of HTTP/1.1, on a connection that is kept."""
    return (
        isinstance(message, RawRequestMessage)
        and message.version == HttpVersion11
        and not message.should_close
        and not message.upgrade
    )


async def _answer(http: web.BaseRequest) -> web.StreamResponse:
    if not isinstance(http.protocol, Connection):
        raise TypeError("this server has connections of its own")
    return await http.protocol.answer(http)


def connections(listener: Listener) -> tuple[web.Server, Callable[[], asyncio.Protocol]]:
    """Give the server, to shut down at the end, and what makes the protocol of each connection."""
    server = web.Server(_answer)
    return server, partial(Connection, listener, server, Rounds(asyncio.get_running_loop()))
