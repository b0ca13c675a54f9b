"""The body of a request: received up to the largest size, and decompressed."""

import asyncio
import zlib
from collections.abc import Callable

from aiohttp import HttpVersion10, web

from registry_sandbox.http.errors import BodyTooLarge, NotWellFormed, RequestTimeout, SandboxError, UnsupportedMediaType
from registry_sandbox.http.field_names import CONTENT_ENCODING, EXPECT
from registry_sandbox.server.limits import Limits

_CODINGS_AT_MOST = 4  # each is a whole body to decompress
_MEMBERS_AT_MOST = 100
_GZIP = zlib.MAX_WBITS | 16

Body = tuple[bytes, SandboxError | None]
"""A body, or why there is none."""

Patience = Callable[[], asyncio.Timeout]
"""Returns what ends the waiting for a body. It is called where there is something to wait for."""


def at_hand(http: web.BaseRequest, max_body: int, may_be_larger: Callable[[], int]) -> Body:
    """Return a body that came with its head.

    Args:
        http: the request.
        max_body: how large it may be, as sent and decompressed.
        may_be_larger: called for a larger body only; returns the size that it may have, or 0 for no exception.

    Returns:
        The body and None; or no bytes and the error, as `received`.
    """
    try:
        sent = http.content.read_nowait()
    except _CUT_SHORT:
        return b"", _not_as_its_headers_say()
    if len(sent) > max_body and len(sent) > (most := may_be_larger() or max_body):
        return b"", _too_large("larger" if http.content_length is None else f"{len(sent)} bytes", most)
    return decoded(sent, http.headers.getall(CONTENT_ENCODING, ()), max_body)


async def received(http: web.BaseRequest, limits: Limits, patience: Patience) -> Body:
    """Wait for the body of a request, of at most `max_body` bytes, until the patience ends.

    Returns:
        The body and None; or no bytes and the error, which a later step raises: too large (413), too slow (408), too
        much at once (503), cut short or badly chunked (400), or as `decoded`.
    """
    try:
        sent = b"".join(await _sent(http, limits, patience, limits.max_body))
    except SandboxError as error:
        return b"", error
    return decoded(sent, http.headers.getall(CONTENT_ENCODING, ()), limits.max_body)


async def received_in_parts(
    http: web.BaseRequest, limits: Limits, patience: Patience, max_bytes: int
) -> tuple[list[bytes], SandboxError | None]:
    """Wait for a body that may be larger than others, as `received` does; it is not put together.

    It must have no content-coding: to inflate it would hold up the event loop.
    """
    try:
        return await _sent(http, limits, patience, max_bytes), None
    except SandboxError as error:
        return [], error


async def _sent(http: web.BaseRequest, limits: Limits, patience: Patience, max_body: int) -> list[bytes]:
    length = http.content_length
    if length is not None and length > max_body:
        raise _too_large(f"{length} bytes", max_body)
    _continue_if_expected(http)
    content, chunks, total = http.content, list[bytes](), 0
    try:
        with limits.receiving() as count:
            async with patience():
                while total <= max_body and not content.at_eof():
                    chunks.append(await content.readany())
                    count(len(chunks[-1]))
                    total += len(chunks[-1])
    except TimeoutError as error:
        raise RequestTimeout(f"The body did not come whole within {limits.request_timeout_s:g} s.") from error
    except _CUT_SHORT as error:
        raise _not_as_its_headers_say() from error
    if total > max_body:
        raise _too_large("larger", max_body)
    return chunks


# aiohttp raises a RuntimeError if the client had hung up before anybody waited for more.
_CUT_SHORT = (web.RequestPayloadError, ConnectionError, RuntimeError)


def _not_as_its_headers_say() -> NotWellFormed:
    return NotWellFormed("The body is not sent as its headers say: cut short, or badly chunked.")


def _continue_if_expected(http: web.BaseRequest) -> None:
    # aiohttp's low-level server does not send this; curl waits for it before it sends more than 1 MB. RFC 9110 section
    # 10.1.1: a server must ignore the expectation in an HTTP/1.0 request, whose client takes it for the answer.
    if http.version <= HttpVersion10 or http.transport is None:
        return
    if http.headers.get(EXPECT, "").lower() == "100-continue":
        http.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _too_large(found: str, max_body: int) -> SandboxError:
    return BodyTooLarge(f"The body is {found}; expected at most {max_body} bytes.")


def decoded(body: bytes, codings: list[str] | tuple[str, ...], max_body: int) -> Body:
    """Undo the content-codings that the Content-Encoding headers name.

    Returns:
        The body and None; or no bytes and the error: another coding than gzip (415), no gzip (400), too large (413).
    """
    if not codings:
        return body, None
    try:
        return _decoded(body, codings, max_body), None
    except SandboxError as error:
        return b"", error


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
    """Decompress every member of a gzip stream (RFC 1952 section 2.2: there may be several)."""
    inflated = b""
    for _ in range(_MEMBERS_AT_MOST):
        inflater = zlib.decompressobj(_GZIP)
        try:
            inflated += inflater.decompress(body, max_body + 1 - len(inflated))
        except zlib.error as error:
            raise NotWellFormed("The body is not gzip, though its Content-Encoding says so.") from error
        if len(inflated) > max_body:
            raise _too_large("larger, once inflated", max_body)
        if not inflater.eof:
            raise NotWellFormed("The gzip stream of the body is cut short.")
        body = inflater.unused_data
        if not body:
            return inflated
    raise NotWellFormed(f"The gzip stream of the body has more than {_MEMBERS_AT_MOST} members.")
