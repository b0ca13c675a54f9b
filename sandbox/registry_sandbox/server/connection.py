"""One connection: from aiohttp's request to plain values and back.

aiohttp parses, and answers each request in a task of its own. Only its published interface is used, so that every
release from 3.11 on works.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from aiohttp.typedefs import RawHeaders
from multidict import CIMultiDictProxy

from registry_sandbox.http.errors import InternalServerError, InvalidHeader, SandboxError
from registry_sandbox.http.field_names import HOST
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import HeaderFacts, Request
from registry_sandbox.http.response import Response
from registry_sandbox.server.body import Body, received
from registry_sandbox.server.sending import sendable
from registry_sandbox.server.wire import deliver

_HOST = re.compile(r"[A-Za-z0-9.\-_~]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", re.ASCII)
_ABSOLUTE_FORM = re.compile(r"https?://[^/?#]*", re.IGNORECASE)

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
    """One connection; what cannot be read as HTTP is refused here with an OperationOutcome that quotes nothing."""

    def __init__(self, listener: Listener, server: web.Server) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type] # None is how aiohttp is told to write none
            auto_decompress=False,
            max_field_size=65_536,
            max_line_size=65_536,
        )
        self._listener = listener
        self._last_headers: RawHeaders | None = None  # of the last request, as they were sent
        self._parsed: tuple[CIMultiDictProxy[str], HeaderFacts]  # and what follows from them
        self._remote = "-"
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the address of the client."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._remote = str(peer[0] if isinstance(peer, (list, tuple)) else peer or "-")

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wake whatever keeps the client waiting: it has hung up."""
        self._gone.set()
        super().connection_lost(exc)

    async def answer(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        body = await received(http, self._listener.max_body)
        request = self._request(http.method, http.raw_path, http.headers, http.raw_headers, body)
        response = await self._listener.handle(request)
        if response.delivery is None:
            self._listener.access_line(self._remote, request, response)
            return sendable(response)
        try:
            return await deliver(http, response, response.delivery, self._gone)
        finally:
            self._listener.access_line(self._remote, request, response)

    def _request(
        self, method: str, target: str, headers: CIMultiDictProxy[str], raw_headers: RawHeaders, body: Body
    ) -> Request:
        listener = self._listener
        if not target.startswith("/"):
            target = _ABSOLUTE_FORM.sub("", target, count=1) or "/"
        path, _, query = target.partition("#")[0].partition("?")
        if self._last_headers != raw_headers:
            own = self._own_base(headers.get(HOST, ""))
            self._last_headers, self._parsed = raw_headers, (headers, HeaderFacts(own))
        headers, facts = self._parsed
        own = facts.base
        subject = self._subject() if listener.secure else ""
        base, called_as = (own, "") if listener.base_url is None else (listener.base_url, own)
        return Request(method, path, query, headers, body[0], base, body[1], subject, called_as, facts)

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
        from registry_sandbox.server.tls import subject_of

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


async def _answer(http: web.BaseRequest) -> web.StreamResponse:
    if not isinstance(http.protocol, Connection):
        raise TypeError("this server has connections of its own")
    return await http.protocol.answer(http)


def connections(listener: Listener) -> tuple[web.Server, Callable[[], asyncio.Protocol]]:
    """Give the server, to shut down at the end, and what makes the protocol of each connection."""
    server = web.Server(_answer)
    return server, partial(Connection, listener, server)
