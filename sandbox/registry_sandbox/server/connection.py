"""One connection: it turns aiohttp's request into plain values, and the answer back.

aiohttp parses the requests and calls the handler in its own task. We use only its published interface, so that every
release from 3.11 on works.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count

from aiohttp import web

from registry_sandbox.http.errors import (
    InternalServerError,
    InvalidHeader,
    NotWellFormed,
    RequestTimeout,
    SandboxError,
    ServiceUnavailable,
)
from registry_sandbox.http.field_names import CONTENT_ENCODING
from registry_sandbox.http.outcomes import log_failure
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response, Sent
from registry_sandbox.server.body import at_hand, received, received_in_parts
from registry_sandbox.server.chunks import EARLY_AT_MOST, Framing
from registry_sandbox.server.heads import Heads
from registry_sandbox.server.listener import Listener
from registry_sandbox.server.sending import octets, sendable
from registry_sandbox.server.streaming import streamed
from registry_sandbox.server.unreadable import reason
from registry_sandbox.server.wire import deliver

_BEGUN_WITHIN_S = 0.05
_numbers = count(1)  # of connections: what came on one connection came from one client
_END_OF_HEAD = b"\r\n\r\n"
_TOLD_APART_AT_MOST = 1_000  # requests that came together: 256 KB of line ends would be as many as 65,536
_ABSOLUTE_FORM = re.compile(r"https?://[^/?#]*", re.IGNORECASE)


class Connection(web.RequestHandler):
    """One connection. It refuses what cannot be read as HTTP, with an OperationOutcome that quotes nothing."""

    def __init__(self, listener: Listener, server: web.Server) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type] # None: aiohttp writes no access log
            auto_decompress=False,
            max_field_size=65_536,
            max_line_size=65_536,
            lingering_time=1.0,  # a client that is still sending has this time to read the refusal
        )
        self._listener = listener
        self._clock = asyncio.get_running_loop().time
        self._heads = Heads(listener, next(_numbers))
        self._remote = "-"
        self._gone = asyncio.Event()
        self._half_closed = False
        self._ends = False  # whether nothing can be read after what is being answered
        self._request_now: Request | None = None  # what is being answered
        self._early = b""  # what came since the last request was answered, or its beginning
        self._patience: asyncio.Timeout | None = None  # for a body that is not complete yet
        self._framing = Framing()
        self.waiting_since: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the client's address; refuse the connection if there are too many."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._remote = str(peer[0] if isinstance(peer, (list, tuple)) else peer or "-")
        limits = self._listener.limits
        if not limits.admit(self):
            most = f"{limits.max_connections} connections are open; --max-connections sets how many may be."
            self._refuse_and_close(ServiceUnavailable(most))

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wake whatever keeps the client waiting, because it has hung up."""
        self._gone.set()
        self._listener.limits.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note when a request begins to arrive; give requests that came together to the parser one by one."""
        if not data:  # aiohttp goes on with what it has, once a body was read
            super().data_received(data)
            return
        if self.waiting_since is None and self._patience is None:
            self.waiting_since = self._clock()
        if self._request_now is None:
            if len(self._early) < EARLY_AT_MOST:  # what follows a refused body may go on without end
                self._early += data
        elif not self._framing.follow(data):
            return
        if not _has_two_heads(data) or _may_have_a_body(data):  # the usual case
            super().data_received(data)
            return
        # If a good request is followed by something that is not HTTP, aiohttp would drop the good request too.
        *pieces, last = data.split(_END_OF_HEAD, _TOLD_APART_AT_MOST)
        for piece in pieces:
            super().data_received(piece + _END_OF_HEAD)
        if last:
            super().data_received(last)

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio's own signature
        """Keep answering a client that has ended its half, as `Connection: close` and HTTP/1.0 clients may do.

        Returns:
            True: the connection stays open for the answer. The rest of an incomplete body will never come.
            False: it is closed. A client that ends its half while a fault keeps it waiting has given up.
        """
        super().eof_received()
        if self._listener.secure or (self._request_now is not None and _has_waited(self._request_now)):
            return False
        self._half_closed = self._ends = True
        if self._patience is not None:
            self._patience.reschedule(self._clock())  # nothing more will come
        self._loop_later(self._close_if_idle)
        return True

    def _loop_later(self, act: Callable[[], None]) -> None:
        # A request that came together with the end has begun by then: aiohttp's tasks take two iterations of the loop.
        asyncio.get_running_loop().call_later(_BEGUN_WITHIN_S, act)

    def _close_if_idle(self) -> None:
        if self._request_now is None and self.transport is not None:
            self.transport.close()

    def time_out(self) -> None:
        """Refuse a request whose head does not arrive completely in time."""
        if self._request_now is None:
            within = f"{self._listener.limits.request_timeout_s:g} s"
            self._refuse_and_close(RequestTimeout(f"The head of the request did not come whole within {within}."))

    def _refuse_and_close(self, error: SandboxError) -> None:
        if self.transport is not None:
            # Not if it is an asyncio.WriteTransport: uvloop's have its methods, but are none.
            self.transport.write(octets(self._listener.refuse(error), connection="close"))
        self.force_close()

    async def answer(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        began_s = time.monotonic()  # uvloop's own clock counts milliseconds
        listener, self.waiting_since = self._listener, None
        try:
            request = self._request_now = self._request(http)
        except InvalidHeader as error:
            return sendable(listener.refuse(error), http, last=True)
        try:
            if http.body_exists:
                if http.content.is_eof():
                    larger = partial(self._bytes_in_parts, http, request)
                    request.body, request.body_error = at_hand(http, listener.limits.max_body, larger)
                else:
                    await self._receive(http, request)
            self._early = b""
            response = await listener.handle(request)
            if self.transport is None:
                response.lost = Sent(ended="lost")
            if response.delivery is None and response.stream is None:
                listener.access_line(self._remote, request, response, began_s)
                return sendable(response, http, last=self._ends)
            request.state = "sending"
            try:
                return await self._sent_in_parts(http, response)
            finally:
                listener.access_line(self._remote, request, response, began_s)
        finally:
            self._request_now = None
            if self._half_closed:
                self._loop_later(self._close_if_idle)

    async def _sent_in_parts(self, http: web.BaseRequest, response: Response) -> web.StreamResponse:
        if response.delivery is not None:
            return await deliver(http, response, response.delivery, self._gone)
        return await streamed(http, response, self._gone)

    async def _receive(self, http: web.BaseRequest, request: Request) -> None:
        """Wait for the rest of a body."""
        request.state = "receiving"
        self._listener.receiving(request)
        self._framing.begin(http, self._early)
        if self._has_ended_its_half():
            request.body_error = _CUT_SHORT
        else:
            await self._receive_now(http, request)
            self._framing.end(whole=http.content.is_eof())
            if self._framing.broken:
                request.body, request.body_error = b"", NotWellFormed(reason("chunk"))
                self._ends = True
            elif isinstance(request.body_error, RequestTimeout):
                self._ends = True
                if self._has_ended_its_half():
                    request.body_error = _CUT_SHORT
        request.state = "working"

    def _has_ended_its_half(self) -> bool:
        # A function, because mypy takes an attribute that was False before an `await` for False after it.
        return self._half_closed

    def _bytes_in_parts(self, http: web.BaseRequest, request: Request) -> int:
        return 0 if CONTENT_ENCODING in http.headers else self._listener.bytes_in_parts(request)

    async def _receive_now(self, http: web.BaseRequest, request: Request) -> None:
        limits, large = self._listener.limits, self._bytes_in_parts(http, request)
        try:
            if large:
                request.parts, request.body_error = await received_in_parts(http, limits, self._be_patient, large)
            else:
                request.body, request.body_error = await received(http, limits, self._be_patient)
        finally:
            self._patience = None

    def _be_patient(self) -> asyncio.Timeout:
        self._patience = asyncio.timeout(self._listener.limits.request_timeout_s)
        return self._patience

    def _request(self, http: web.BaseRequest) -> Request:
        target = http.raw_path
        if not target.startswith("/"):
            target = _ABSOLUTE_FORM.sub("", target, count=1) or "/"
        if "#" in target:
            target = target.partition("#")[0]
        path, _, query = target.partition("?")
        heads = self._heads
        if heads.last != http.raw_headers:
            heads.take(http)
        headers, base, subject, called_as, facts = heads.follows
        return Request(http.method, path, query, headers, b"", base, None, subject, called_as, facts)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that aiohttp could not read, or on which our own code failed."""
        if status == web.HTTPBadRequest.status_code:
            error: SandboxError = InvalidHeader(reason(str(message or exc)))
        else:
            error = InternalServerError("The sandbox failed unexpectedly; its log says why.")
        refusal = self._listener.refuse(error)
        if isinstance(error, InternalServerError):
            log_failure("in the server", refusal, exc)
        return sendable(refusal, request, last=True)


def _has_two_heads(data: bytes) -> bool:
    first = data.find(_END_OF_HEAD, 0, -1)  # not the end of a head that came alone, as most do
    return first >= 0 and data.find(_END_OF_HEAD, first + len(_END_OF_HEAD)) >= 0


def _may_have_a_body(data: bytes) -> bool:
    lowered = data.lower()  # a regular expression that ignores case would take ten times as long
    return b"content-length" in lowered or b"transfer-encoding" in lowered


def _has_waited(request: Request) -> bool:
    """Return True if a fault has kept the client waiting longer than it needs to end its half after a request."""
    waiting = request.under_way
    if waiting is None or request.state not in ("delayed", "held", "sending"):
        return False
    return time.monotonic() - float(waiting.started_s) > _BEGUN_WITHIN_S


_CUT_SHORT = NotWellFormed("The body is cut short: the client ended its half of the connection.")


def _answer(http: web.BaseRequest) -> Awaitable[web.StreamResponse]:
    connection = http.protocol
    if not isinstance(connection, Connection):
        raise TypeError("this server has connections of its own")
    return connection.answer(http)


def connections(
    listener: Listener, kind: type[Connection] = Connection
) -> tuple[web.Server, Callable[[], asyncio.Protocol]]:
    """Return the server, to shut down at the end, and the factory for the protocol of each connection."""
    server = web.Server(_answer)
    return server, partial(kind, listener, server)
