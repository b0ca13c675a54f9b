"""The sandbox, or the bare application, in this process, for what counts inside it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from bench.appointments import SPECIAL, fill
from bench.bare import PATHS, Canned
from bench.rows import CANCELS_PER_SECOND, READ_IDS, Ground, Row, row_named
from bench.wire import Answer, Connection, exchange, request
from registry_sandbox import app
from registry_sandbox.runtime.garbage import rare_collections
from registry_sandbox.settings import Settings

T = TypeVar("T")
Count = Callable[[int, list[bytes], int], Awaitable[T]]
"""Counts at a server: takes its port, the requests of a row, and the status that each answer has to have."""


async def with_sandbox(row: Row, count: Count[T], signing_key: Path | None = None) -> T:
    """Start a sandbox, and return what `count` says of it; without a signing key it makes one."""
    sandbox = app.build(Settings(port=0, signing_key=signing_key))
    fill(sandbox.workspace.service.registry, SPECIAL + READ_IDS + 2 * CANCELS_PER_SECOND)
    await sandbox.start()
    try:
        port = sandbox.serving.port
        token = await asyncio.to_thread(exchange, port, request("GET", "/_sandbox/token", {}))
        with rare_collections():  # as the command line serves
            return await count(port, row.make(Ground(token.body.decode().strip())), row.status)
    finally:
        await sandbox.stop()


async def with_bare(count: Count[T]) -> T:
    """Start the bare application, and return what `count` says of its reads."""
    canned, application = Canned(), web.Application()
    canned.headers = dict.fromkeys(("ETag", "Last-Modified", "Cache-Control", "Date", "Server", "X-Request-Id"), "x")
    canned.body = b"x" * 700
    for method, path in PATHS:
        application.router.add_route(method, path, canned.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        reads = row_named("read JSON")
        return await count(runner.addresses[0][1], reads.make(Ground("eyJ." + "a" * 1_200)), 200)
    finally:
        await runner.cleanup()


def converse(client: Connection, requests: list[bytes], status: int) -> None:
    """Send requests one after the other.

    Raises:
        RuntimeError: an answer has another status.
    """
    for each in requests:
        answer: Answer = client.exchange(each)
        if answer.status != status:
            raise RuntimeError(f"the answer was {answer.status}, expected {status}: {answer.body.decode()[:200]}")


@contextmanager
def errors_to_nowhere() -> Iterator[None]:
    """Write the lines of the access log, but not to the terminal."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
