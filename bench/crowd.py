"""A crowd: thousands of connections that read slowly, write slowly, hang up or behave; and resets of the state.

python -m bench.crowd [--connections N] [--seconds N]

The crowd comes twice. It prints the memory and the descriptors of the sandbox before, at the peak, after the first time
and after the second, and how long a health probe beside the crowd had to wait. The exit status is 1 where descriptors
stay open, where memory grows from the first time to the second (what the first took, the allocator may keep for the
next), or where something failed.
"""

import argparse
import asyncio
import json
import random
import resource
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from bench.appointments import appointment
from bench.fuzz import descriptors, lines_of_failures
from bench.processes import Server, running
from bench.wire import HOST, request

_SERVE = ("registry_sandbox", "serve", "--port", "0", "--quiet", "--log-format", "json", "--journal-size", "1000")
_PIPELINED = 200
_PAUSE_OF_A_THOUSAND_S = 0.5  # the more come, the slower each is: else this client would not keep up
_RESET_EVERY_S = 2.0
_COME_WITHIN_S = 5.0
_SETTLES_S = 3.0
_GROWTH_AT_MOST_MB = 50
_RST_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Crowd:
    """What all members share.

    Attributes:
        port: of the sandbox.
        until: when they go home, on the monotonic clock.
        pause_s: how long members wait between two steps, on average.
        read, write: requests, as bytes.
        chance: where they draw from.
        told: what happened, and how often.
    """

    port: int
    until: float
    pause_s: float
    read: bytes
    write: bytes
    chance: random.Random
    told: Counter[str] = field(default_factory=Counter)

    @property
    def over(self) -> bool:
        """Whether it is time to go home."""
        return time.monotonic() >= self.until

    async def pause(self) -> None:
        """Wait for a little."""
        await asyncio.sleep(self.chance.uniform(0.5, 1.5) * self.pause_s)


Member = Callable[[Crowd, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _behaves(crowd: Crowd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not crowd.over:
        writer.write(crowd.chance.choice((crowd.read, crowd.write)))
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(length)
        crowd.told[head[9:12].decode()] += 1
        await crowd.pause()


async def _reads_slowly(crowd: Crowd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(crowd.read * _PIPELINED)
    while not crowd.over:
        crowd.told["bytes read slowly"] += len(await reader.read(100))
        await crowd.pause()


async def _writes_slowly(crowd: Crowd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader
    for byte in crowd.write:
        if crowd.over:
            break
        writer.write(bytes([byte]))
        await writer.drain()  # it raises if the sandbox has closed the connection
        crowd.told["bytes written slowly"] += 1
        await crowd.pause()


async def _hangs_up(crowd: Crowd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader
    writer.write(crowd.chance.choice((crowd.read, crowd.write, crowd.write[:-10], crowd.read * _PIPELINED)))
    await asyncio.sleep(crowd.chance.random() * 0.1)
    if crowd.chance.random() < 0.5:
        # A socket that does not linger sends RST when it is closed.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
    crowd.told["hung up"] += 1


async def _does_nothing(crowd: Crowd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader, writer
    await asyncio.sleep(max(0.0, crowd.until - time.monotonic()))


_MEMBERS: tuple[Member, ...] = (_behaves, _reads_slowly, _writes_slowly, _hangs_up, _does_nothing)


async def _come_and_go(crowd: Crowd, member: Member) -> None:
    await asyncio.sleep(crowd.chance.random() * _COME_WITHIN_S)
    while not crowd.over:
        try:
            reader, writer = await asyncio.open_connection(HOST, crowd.port)
        except OSError:
            crowd.told["not let in"] += 1
            await crowd.pause()
            continue
        try:
            await member(crowd, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            crowd.told["cut off"] += 1
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        await crowd.pause()


async def _call(crowd: Crowd, method: str, path: str) -> None:
    try:
        reader, writer = await asyncio.open_connection(HOST, crowd.port)
        writer.write(request(method, path, {"Connection": "close"}))
        answer = await reader.read()
        writer.close()
        crowd.told[f"{method} {path} {answer[9:12].decode()}"] += 1
    except OSError as error:
        crowd.told[f"{method} {path} {type(error).__name__}"] += 1


async def _reset(crowd: Crowd) -> None:
    while not crowd.over:
        await asyncio.sleep(_RESET_EVERY_S)
        await _call(crowd, "POST", "/_sandbox/reset")


async def _probe(crowd: Crowd, server: Server, peak: list[float]) -> None:
    """Look at health beside the crowd, and note the longest wait, the most memory and the most descriptors."""
    while not crowd.over:
        begun = time.monotonic()
        await _call(crowd, "GET", "/_sandbox/health")
        seen = (time.monotonic() - begun, server.resident_bytes() / 2**20, descriptors(server))
        peak[:] = map(max, peak, seen)
        await asyncio.sleep(0.1)


async def _gather(crowd: Crowd, server: Server, count: int, peak: list[float]) -> None:
    members = [_come_and_go(crowd, _MEMBERS[at % len(_MEMBERS)]) for at in range(count)]
    await asyncio.gather(*members, _reset(crowd), _probe(crowd, server, peak))


def main() -> int:
    """Let them come, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=40.0)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the sandbox inherits it
    with running("crowded", _SERVE) as server:
        token = {"Authorization": f"Bearer {server.token()}"}
        body = json.dumps(appointment(1_000)).encode()
        read = request("GET", "/STU3/metadata", token)
        write = request("POST", "/STU3/Appointment", {**token, "Content-Type": "application/fhir+json"}, body)
        pause_s, told = _PAUSE_OF_A_THOUSAND_S * options.connections / 1_000, Counter[str]()
        seen, peak = [_held_by(server)], [0.0, 0.0, 0.0]
        for seed in (1, 2):
            until = time.monotonic() + options.seconds / 2
            crowd = Crowd(server.port, until, pause_s, read, write, random.Random(seed), told)  # noqa: S311 - no secret
            asyncio.run(_gather(crowd, server, options.connections, peak))
            time.sleep(_SETTLES_S)
            asyncio.run(_call(crowd, "POST", "/_sandbox/reset"))
            seen.append(_held_by(server))
        failures = lines_of_failures(server)
    return _told(told, seen, peak, failures)


def _held_by(server: Server) -> tuple[int, int]:
    """Return its memory in MB, and its descriptors."""
    return server.resident_bytes() >> 20, descriptors(server)


def _told(told: Counter[str], seen: list[tuple[int, int]], peak: list[float], failures: list[bytes]) -> int:
    (wait_s, memory, open_ones), (before, first, second) = peak, seen
    print(dict(sorted(told.items())))
    print("| | before | at the peak | after the first crowd | after the second |\n|---|---|---|---|---|")
    print(f"| memory, MB | {before[0]} | {memory:.0f} | {first[0]} | {second[0]} |")
    print(f"| descriptors | {before[1]} | {open_ones:.0f} | {first[1]} | {second[1]} |")
    print(f"longest wait of a health probe: {wait_s * 1000:.0f} ms (this client is slow too)")
    for line in failures[:20]:
        print(line.decode("utf-8", "replace"))
    grown = second[1] > before[1] + 5 or second[0] > first[0] + _GROWTH_AT_MOST_MB
    return 1 if failures or grown or told["500"] else 0


if __name__ == "__main__":
    sys.exit(main())
