"""Random requests, nearly right or damaged: none is answered 500, none leaves a traceback, and nothing grows.

python -m bench.fuzz [--requests N] [--seconds N] [--seed N]

Ends at the number or the time, whichever comes first. The exit status is 1 where a bound is broken.
"""

import argparse
import asyncio
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.fuzzed import Drawn
from bench.processes import Server, running
from bench.wire import exchange, request

_CONNECTIONS = 32
_PATIENCE_S = 30.0
_LARGEST_GROWTH = 1.5
_UNASKED = re.compile(rb"Traceback|Exception|Error:|never retrieved|never awaited|unexpected failure")
_ARGUMENTS = (
    *("registry_sandbox", "serve", "--port", "0", "--quiet", "--log-format", "json"),
    *("--max-delay", "0.01", "--journal-size", "1000"),
)
_STORED = re.compile(rb"Location: [^\r]*/Appointment/([^/\r]+)")


@dataclass(slots=True)
class Fuzz:
    """What is sent, and what came back."""

    drawn: Drawn
    statuses: Counter[int] = field(default_factory=Counter)
    failed: list[bytes] = field(default_factory=list)
    sent: int = 0


def _status(head: bytes) -> int:
    return int(head.split(b" ", 2)[1])


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes) -> tuple[int, bytes, bool]:
    """Send a request; return the status, the head, and whether the connection can be used again."""
    writer.write(raw)
    head = await reader.readuntil(b"\r\n\r\n")
    while _status(head) == 100:
        head = await reader.readuntil(b"\r\n\r\n")
    status, lower = _status(head), head.lower()
    has_none = raw.startswith(b"HEAD ") or status in {204, 304}
    length = re.search(rb"content-length: *(\d+)", lower)
    if not has_none and b"transfer-encoding: chunked" in lower:
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    elif not has_none and length is not None:
        await reader.readexactly(int(length.group(1)))
    return status, head, b"connection: close" not in lower and (has_none or length is not None or b"chunked" in lower)


async def _send(fuzz: Fuzz, port: int, until: float, count: int) -> None:
    """Send requests one after the other, over a connection that is kept as long as the server keeps it."""
    writer: asyncio.StreamWriter | None = None
    while fuzz.sent < count and time.monotonic() < until:
        fuzz.sent += 1
        raw, number = fuzz.drawn.request()
        status, head, kept = 0, b"", False
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status, head, kept = await asyncio.wait_for(_exchange(reader, writer, raw), _PATIENCE_S)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            kept = False  # a fault may have cut it
        fuzz.statuses[status] += 1
        if status == 500:
            fuzz.failed.append(raw)
        if status == 201 and number is not None and (stored := _STORED.search(head)) is not None:
            fuzz.drawn.registered.append((stored.group(1).decode(), number))
        if not kept and writer is not None:
            writer.close()
            writer = None
    if writer is not None:
        writer.close()


def descriptors(server: Server) -> int:
    """Return how many descriptors the process has open."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def main() -> int:
    """Send, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with running("fuzzed", _ARGUMENTS) as server:
        fuzz = Fuzz(Drawn(random.Random(options.seed), []))  # noqa: S311 - chance, no secret
        until = time.monotonic() + options.seconds
        weights = []
        for part in range(1, 11):  # in tenths: memory is compared between the third and the last
            fuzz.drawn.tokens[:] = [server.token() for _ in range(3)]
            asyncio.run(_tenth(fuzz, server.port, until, options.requests * part // 10))
            # The appointments would pile up, so a reset comes before memory is looked at.
            exchange(server.port, request("POST", "/_sandbox/reset", {}))
            fuzz.drawn.registered.clear()
            weights.append((server.resident_bytes(), descriptors(server)))
            print(f"{fuzz.sent:,} requests, {weights[-1][0] >> 20} MB, {weights[-1][1]} descriptors", flush=True)
        told = lines_of_failures(server)
    print(dict(sorted(fuzz.statuses.items())))
    for each in fuzz.failed[:5]:
        print(f"500: {each[:600]!r}")
    for line in told[:20]:
        print(line.decode("utf-8", "replace"))
    grown = weights[-1][0] > weights[2][0] * _LARGEST_GROWTH or weights[-1][1] > weights[0][1] + _CONNECTIONS
    print(f"{len(fuzz.failed)} answers of 500, {len(told)} lines of tracebacks, {'grown' if grown else 'flat'}")
    return 1 if fuzz.failed or told or grown else 0


async def _tenth(fuzz: Fuzz, port: int, until: float, count: int) -> None:
    await asyncio.gather(*(_send(fuzz, port, until, count) for _ in range(_CONNECTIONS)))


def lines_of_failures(server: Server) -> list[bytes]:
    """Return the lines of the log that tell of a failure of ours."""
    log = Path(f"/proc/{server.process.pid}/fd/2").readlink()
    return [line for line in log.read_bytes().splitlines() if not line.startswith(b"{") and _UNASKED.search(line)]


if __name__ == "__main__":
    sys.exit(main())
