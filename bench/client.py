"""The load generator for machines without wrk: asyncio protocols in a process of their own.

python -m bench.client FILE PORT SECONDS CONNECTIONS
"""

import asyncio
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import cast


class Tally:
    """What was counted until the time was up."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests = cycle(requests)
        self.refused = self.broken = 0
        self.over = False
        self.took_s: list[float] = []


class Caller(asyncio.Protocol):
    """Sends a request, waits for the whole answer, sends the next."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._received = b""
        self._sent_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its type
        self._send()

    def _send(self) -> None:
        self._sent_s = time.perf_counter()
        self._transport.write(next(self._tally.requests))

    def data_received(self, data: bytes) -> None:
        """Count an answer that is complete, and go on."""
        received = self._received + data if self._received else data
        end = received.find(b"\r\n\r\n")
        if end < 0 or len(received) < end + 4 + _length(received, end):
            self._received = received
            return
        self._received = b""
        tally = self._tally
        if tally.over:
            return
        tally.took_s.append(time.perf_counter() - self._sent_s)
        tally.refused += received[9] >= ord("4")
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count what should not happen."""
        del exc
        self._tally.broken += not self._tally.over


def _length(received: bytes, end: int) -> int:
    if received[9:12] == b"304":
        return 0
    at = received.find(b"Content-Length: ", 0, end)
    return int(received[at + 16 : received.find(b"\r\n", at)]) if at >= 0 else 0


async def drive(requests: list[bytes], port: int, seconds: float, connections: int) -> str:
    """Send as much as is answered in the time; give the line that wrk's script gives."""
    tally, loop = Tally(requests), asyncio.get_running_loop()
    began = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: Caller(tally), "127.0.0.1", port)
    await asyncio.sleep(seconds)
    tally.over = True
    duration_us = round((time.perf_counter() - began) * 1_000_000)
    answers = len(tally.took_s)
    p99_us = round(sorted(tally.took_s)[answers * 99 // 100] * 1_000_000) if answers else 0
    return f"RESULT {answers} {duration_us} {tally.refused} {tally.broken} {p99_us}"


def requests_in(path: Path) -> list[bytes]:
    """Read a file of requests."""
    content, requests, at = path.read_bytes(), [], 0
    while at < len(content):
        line = content.index(b"\n", at)
        end = line + 1 + int(content[at:line])
        requests.append(content[line + 1 : end])
        at = end + 1
    return requests


def main() -> None:
    """Drive, on the fastest loop that there is."""
    path, port, seconds, connections = sys.argv[1:]
    driving = drive(requests_in(Path(path)), int(port), float(seconds), int(connections))
    if sys.platform == "win32":
        print(asyncio.run(driving))
        return
    import uvloop

    print(uvloop.run(driving))


if __name__ == "__main__":
    main()
