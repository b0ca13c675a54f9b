"""From the socket to plain values and back: the one place where aiohttp's requests and responses are touched."""

import asyncio
import re
import zlib
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import RawHeaders
from multidict import CIMultiDictProxy

from sandbox.errors import (
    BodyTooLarge,
    InternalServerError,
    InvalidHeader,
    NotWellFormed,
    SandboxError,
    UnsupportedMediaType,
)
from sandbox.exchange import Handler, Request, Response
from sandbox.field_names import CONTENT_ENCODING, EXPECT, HOST
from sandbox.server.sending import sendable
from sandbox.server.wire import deliver

_HOST = re.compile(r"[A-Za-z0-9.\-_~]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", re.ASCII)
_ABSOLUTE_FORM = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_CHUNK = 65_536
_CODINGS_AT_MOST = 4  # each is a whole body to inflate
_GZIP = zlib.MAX_WBITS | 16

AccessLine = Callable[[web.BaseRequest, Request, Response], None]


class Listener:
    """Answers aiohttp's requests by a handler of plain values.

    Args:
        handle: the front of the house.
        base_url: the configured base, if there is one.
        base_path: of the base otherwise, below the host that the request names.
        max_body: bytes that a body may have, as sent and inflated.
        access_line: told of every exchange.
        secure: whether what comes in comes over TLS.
    """

    def __init__(  # noqa: PLR0913 - what differs from port to port
        self,
        handle: Handler,
        *,
        base_url: str | None,
        base_path: str,
        max_body: int,
        access_line: AccessLine,
        secure: bool,
    ) -> None:
        self._handle = handle
        self._base_url = base_url
        self._base_path = base_path
        self._max_body = max_body
        self._access_line = access_line
        self._secure = secure

    async def __call__(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        body, error = await self._body(http) if http.body_exists else (b"", None)
        request = self._request(http, body, error)
        response = await self._handle(request)
        if response.delivery is None:
            self._access_line(http, request, response)
            return sendable(response)
        gone = http.protocol.gone if isinstance(http.protocol, Protocol) else asyncio.Event()
        try:
            return await deliver(http, response, response.delivery, gone)
        finally:
            self._access_line(http, request, response)

    def _request(self, http: web.BaseRequest, body: bytes, error: SandboxError | None) -> Request:
        target = http.raw_path
        if not target.startswith("/"):
            target = _ABSOLUTE_FORM.sub("", target, count=1) or "/"
        path, _, query = target.partition("#")[0].partition("?")
        headers, known = _heard(http)
        own: str | None = known.get(_OWN_BASE)
        if own is None:
            host = headers.get(HOST, "")
            scheme, authority = "https" if self._secure else "http", host if _HOST.fullmatch(host) else _address(http)
            own = known[_OWN_BASE] = f"{scheme}://{authority}{self._base_path}"
        subject = _subject(http) if self._secure else ""
        base, called_as = (own, "") if self._base_url is None else (self._base_url, own)
        return Request(http.method, path, query, headers, body, base, error, subject, called_as, known)

    async def _body(self, http: web.BaseRequest) -> tuple[bytes, SandboxError | None]:
        try:
            sent = await self._sent(http)
            return _decoded(sent, http.headers.getall(CONTENT_ENCODING, ()), self._max_body), None
        except SandboxError as error:
            return b"", error

    async def _sent(self, http: web.BaseRequest) -> bytes:
        length = http.content_length
        if length is not None and length > self._max_body:
            raise _too_large(f"{length} bytes", self._max_body)
        _continue_if_expected(http)
        content, chunks, total = http.content, [], 0
        try:
            while not content.at_eof():
                chunk = await content.readany()
                chunks.append(chunk)
                total += len(chunk)
                if total > self._max_body:
                    raise _too_large("larger", self._max_body)
        except (web.RequestPayloadError, ConnectionError) as error:
            raise NotWellFormed("The body is not sent as its headers say: cut short, or badly chunked.") from error
        return b"".join(chunks)


_OWN_BASE = "own base"


def _heard(http: web.BaseRequest) -> tuple[CIMultiDictProxy[str], dict[str, Any]]:
    """Give the headers, and what is known of them: those of the request before, if they are the same."""
    protocol = http.protocol
    if not isinstance(protocol, Protocol):
        return http.headers, {}
    if protocol.said != http.raw_headers:
        protocol.said, protocol.heard = http.raw_headers, (http.headers, {})
    return protocol.heard


def _address(http: web.BaseRequest) -> str:
    name, port = (http.transport.get_extra_info("sockname") if http.transport else ("127.0.0.1", 0))[:2]
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _continue_if_expected(http: web.BaseRequest) -> None:
    # aiohttp's low-level server leaves this to us; curl waits for it before it sends more than 1 MB.
    if http.headers.get(EXPECT, "").lower() == "100-continue" and http.transport is not None:
        http.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _too_large(found: str, max_body: int) -> SandboxError:
    return BodyTooLarge(f"The body is {found}; expected at most {max_body} bytes.")


def _decoded(body: bytes, codings: list[str] | tuple[str, ...], max_body: int) -> bytes:
    named = [each.strip().lower() for line in codings for each in line.split(",")]
    if len(named) > _CODINGS_AT_MOST:
        raise UnsupportedMediaType(
            f"Content-Encoding names {len(named)} codings; expected gzip or none.", location="http.Content-Encoding"
        )
    for coding in reversed([each for each in named if each not in ("", "identity")]):
        if coding not in ("gzip", "x-gzip"):
            raise UnsupportedMediaType(
                f"Content-Encoding is '{coding[:40]}'; expected gzip or none.", location="http.Content-Encoding"
            )
        body = _inflated(body, max_body)
    return body


def _inflated(body: bytes, max_body: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP)
    try:
        inflated = inflater.decompress(body, max_body + 1)
    except zlib.error as error:
        raise NotWellFormed("The body is not gzip, though its Content-Encoding says so.") from error
    if len(inflated) > max_body:
        raise _too_large("larger, once inflated", max_body)
    if not inflater.eof or inflater.unused_data:
        raise NotWellFormed("The gzip stream of the body is cut short, or something follows it.")
    return inflated


def _subject(http: web.BaseRequest) -> str:
    if http.transport is None:
        return ""
    from sandbox.server.tls import subject_of

    ssl_object = http.transport.get_extra_info("ssl_object")
    return subject_of(ssl_object) if ssl_object is not None else ""


Refusal = Callable[[SandboxError], Response]


class Protocol(web.RequestHandler):
    """One connection; what is not HTTP at all is refused here, in the words of the house and without quoting it.

    `said` are the headers of its last request, as they were sent; `heard` is what was made of them.
    """

    refuse: Refusal
    gone: asyncio.Event
    said: RawHeaders | None = None
    heard: tuple[CIMultiDictProxy[str], dict[str, Any]]

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell whoever keeps the client waiting that it has hung up."""
        self.gone.set()
        super().connection_lost(exc)

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
        response = sendable(self.refuse(error))
        response.force_close()
        return response


def protocol_factory(listener: Listener, refuse: Refusal) -> tuple[web.Server, Callable[[], asyncio.Protocol]]:
    """Give the server, to shut down at the end, and what makes the protocol of each connection."""
    server = web.Server(listener)
    loop = asyncio.get_running_loop()

    def make() -> asyncio.Protocol:
        protocol = Protocol(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type] # None is how aiohttp is told to write none
            auto_decompress=False,
            max_field_size=65_536,
            max_line_size=65_536,
        )
        protocol.refuse = refuse
        protocol.gone = asyncio.Event()
        return protocol

    return server, make
