"""`make bytecodes`: how many bytecodes of Python an exchange takes, by function.

The figures are the same on a busy machine as on a quiet one, and differ a little between versions of Python. Time
follows them: use them to see what a change brings before it is measured. Compare with `bare`, the bare application.

python -m bench.bytecodes [--rows NAME,...] [--least N]
"""

import argparse
import asyncio
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import uvloop
from aiohttp import web

from bench.appointments import REGISTERED, SPECIAL, appointment, logical_id
from bench.bare import PATHS, Canned
from bench.rows import CANCELS_PER_SECOND, READ_IDS, ROWS, Ground, Row
from bench.wire import Answer, Connection, exchange, request
from registry_sandbox import app
from registry_sandbox.settings import Settings

_WARM, _COUNTED = 200, 50
_LINES_WITHIN_S = 0.2
_NOT_COUNTED = ("asyncio", "concurrent", "bench/bytecodes.py", "python3")
"""Where code stands that belongs to the counting, to the loop or to a thread."""


@dataclass
class Counts:
    """The bytecodes of one thread, by function."""

    executed: Counter[CodeType] = field(default_factory=Counter)
    calls: Counter[CodeType] = field(default_factory=Counter)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what this thread executes meanwhile."""
        sys.settrace(self._begin)
        try:
            yield
        finally:
            sys.settrace(None)

    def _begin(self, frame: FrameType, event: str, _argument: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        self.calls[frame.f_code] += event == "call"
        return self._count

    def _count(self, frame: FrameType, event: str, _argument: Any) -> Any:
        self.executed[frame.f_code] += event == "opcode"
        return self._count

    def print(self, title: str, least: float) -> None:
        """Print the functions that take most of an exchange, and all of it."""
        counted = [(n / _COUNTED, self.calls[code] / _COUNTED, _where(code)) for code, n in self.executed.most_common()]
        counted = [each for each in counted if not each[2].startswith(_NOT_COUNTED)]
        print(f"\n{title}: {sum(n for n, _, _ in counted):,.0f} bytecodes, {sum(n for _, n, _ in counted):.0f} calls")
        for executed, calls, where in counted:
            if executed >= least:
                print(f"{executed:8.1f} {calls:6.1f}  {where}")


def main() -> None:
    """Count each row, and print a table of it."""
    parser = argparse.ArgumentParser(prog="make bytecodes ARGS=...", description=__doc__)
    parser.add_argument("--rows", default="read JSON,search 6 JSON,register JSON,register XML,cancel JSON,404")
    parser.add_argument("--least", type=float, default=15, help="leave out functions that take fewer")
    options = parser.parse_args()
    wanted = options.rows.split(",")
    with _errors_to_nowhere():
        uvloop.run(_bare()).print("bare", options.least)
        for row in ROWS:
            if row.name in wanted:
                uvloop.run(_sandbox(row)).print(row.name, options.least)


async def _sandbox(row: Row) -> Counts:
    sandbox = app.build(Settings(port=0))
    registry = sandbox.workspace.service.registry
    for number in range(SPECIAL + READ_IDS + 2 * CANCELS_PER_SECOND):
        registry.create(appointment(number), logical_id=logical_id(number), at=REGISTERED)
    await sandbox.start()
    try:
        port = sandbox.serving.port
        token = await asyncio.to_thread(exchange, port, request("GET", "/_sandbox/token", {}))
        return await _counted(port, row.make(Ground(token.body.decode().strip())), row.status)
    finally:
        await sandbox.stop()


async def _bare() -> Counts:
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
        reads = next(row for row in ROWS if row.name == "read JSON")
        return await _counted(runner.addresses[0][1], reads.make(Ground("eyJ." + "a" * 400)), 200)
    finally:
        await runner.cleanup()


async def _counted(port: int, requests: list[bytes], status: int) -> Counts:
    counts = Counts()
    with Connection(port) as client:
        await asyncio.to_thread(_exchange, client, requests[:_WARM], status)
        await asyncio.sleep(_LINES_WITHIN_S)
        with counts.counting():
            await asyncio.to_thread(_exchange, client, _next(requests), status)
            await asyncio.sleep(_LINES_WITHIN_S)
    return counts


def _next(requests: list[bytes]) -> list[bytes]:
    return (requests[_WARM:] or requests * _COUNTED)[:_COUNTED]


def _exchange(client: Connection, requests: list[bytes], status: int) -> None:
    for each in requests:
        answer: Answer = client.exchange(each)
        if answer.status != status:
            raise RuntimeError(f"the answer was {answer.status}, expected {status}: {answer.body.decode()[:200]}")


def _where(code: CodeType) -> str:
    path = Path(code.co_filename)
    return f"{path.parent.name}/{path.name}:{code.co_name}"


@contextmanager
def _errors_to_nowhere() -> Iterator[None]:
    """Write the lines of the access log, but not to the terminal."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)


if __name__ == "__main__":
    main()
