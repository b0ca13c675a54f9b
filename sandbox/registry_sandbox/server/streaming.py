"""An answer whose body is a stream: each part is sent when it is made, as fast as the client reads."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import web

from registry_sandbox.http.common_headers import SERVER_NAME
from registry_sandbox.http.field_names import SERVER
from registry_sandbox.http.response import Response


async def streamed(http: web.BaseRequest, response: Response, gone: asyncio.Event) -> web.StreamResponse:
    """Send the parts of an answer until there are no more, or until the client hangs up (`gone`)."""
    response.headers.setdefault(SERVER, SERVER_NAME)
    answer = web.StreamResponse(status=response.status, headers=response.headers)
    hung_up: asyncio.Future[bool] = asyncio.ensure_future(gone.wait())
    try:
        await answer.prepare(http)
        while response.stream is not None and http.method != "HEAD":
            part = await _next(response.stream, hung_up)
            if part is None:
                break
            await answer.write(part)
    except ConnectionError:
        pass  # the client hung up during a write
    finally:
        hung_up.cancel()
        if response.stream is not None:
            await response.stream.aclose()
    return answer


async def _next(parts: AsyncGenerator[bytes, None], hung_up: asyncio.Future[bool]) -> bytes | None:
    """Wait for the next part; return None at the end, or if the client has hung up."""
    coming: asyncio.Future[bytes | None] = asyncio.ensure_future(anext(parts, None))
    waited: list[asyncio.Future[Any]] = [coming, hung_up]
    try:
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        return coming.result() if coming.done() else None
    finally:
        if not coming.done():
            coming.cancel()
            await asyncio.wait({coming})
