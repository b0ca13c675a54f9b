"""How the sandbox grows: memory and processor time with many appointments, memory after many requests."""

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.appointments import SPECIAL, appointment, logical_id, patient
from bench.load import drive, write_requests
from bench.processes import Server, running, sandbox
from bench.rows import JSON, Ground, cancel, row_named, search
from bench.wire import Connection, request

SMALL = 1_000
_BATCH = 40
_BATCHES = 11
_NEW = 10_000_000
"""From here on the generated appointments are none that a registry begins with."""
_MIB = 1024 * 1024

Send = Callable[[Ground, int], bytes]
"""Makes the request that is about the appointment of a number."""

Taken = Callable[[Server, list[bytes]], float]
"""Sends requests one after the other; returns the time of each in microseconds."""


def _read(ground: Ground, number: int) -> bytes:
    return request("GET", f"/STU3/Appointment/{logical_id(number)}", ground.headers(JSON))


def _search(ground: Ground, number: int) -> bytes:
    return search(ground, patient(number), JSON)


def _cancel(ground: Ground, number: int) -> bytes:
    return cancel(number, ground.headers(JSON, Content_Type=JSON, If_Match='W/"1"'), JSON)


def _register(ground: Ground, number: int) -> bytes:
    body = json.dumps(appointment(number + _NEW)).encode()
    return request("POST", "/STU3/Appointment", ground.headers(JSON, Content_Type=JSON), body)


_SENDS: dict[str, Send] = {"read": _read, "search": _search, "cancel": _cancel}
SENDS_TO_REPLICAS: dict[str, Send] = {"read": _read, "search": _search, "register": _register}


def sizes(counts: Sequence[int], done: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    """Measure at each size, beside a sandbox that holds a thousand; what a time is compared with is its."""
    with running("idle", sandbox(0, "--quiet")) as idle:
        idle.token()
        empty = idle.resident_bytes()
    found: list[dict[str, Any]] = [{"appointments": 0, "resident_mib": round(empty / _MIB, 1)}]
    done(found[0])
    for count in counts:
        with running("small", sandbox(SMALL, "--quiet")) as small, running("large", sandbox(count, "--quiet")) as large:
            found.append(_size(count, small, large, empty))
            done(found[-1])
    return found


def _size(count: int, small: Server, large: Server, empty: int) -> dict[str, Any]:
    resident = large.resident_bytes()
    told: dict[str, Any] = {"appointments": count, "resident_mib": round(resident / _MIB, 1)}
    told["bytes_each"] = round((resident - empty) / count)
    for name, send in _SENDS.items():
        told[name] = compared(send, ((small, SMALL), (large, count)), processor_us)
    return told


def compared(send: Send, servers: Sequence[tuple[Server, int]], taken_us: Taken) -> dict[str, Any]:
    """Return the median time of an exchange at each, of batches by turns, and the median ratio of the batches."""
    numbers = [_numbers(count) for _, count in servers]
    grounds = [Ground(server.token()) for server, _ in servers]
    medians: list[list[float]] = [[], []]
    for batch in range(_BATCHES + 1):
        for at in (0, 1) if batch % 2 else (1, 0):
            chosen = numbers[at][batch * _BATCH : (batch + 1) * _BATCH]
            taken = taken_us(servers[at][0], [send(grounds[at], number) for number in chosen])
            if batch:  # the first warms up
                medians[at].append(taken)
    ratios = [large / small for small, large in zip(*medians, strict=True)]
    times = [round(statistics.median(each)) for each in medians]
    return {"ratio_to_1k": round(statistics.median(ratios), 3), "us_at_1k": times[0], "us": times[1]}


def _numbers(count: int) -> list[int]:
    """Choose appointments from all over the register; the same in every run."""
    chosen = random.Random(count)  # noqa: S311 - no secret
    return chosen.sample(range(SPECIAL, count), _BATCH * (_BATCHES + 1))


def latency_us(server: Server, requests: list[bytes]) -> float:
    """Return the median time that a client waits for an answer."""
    times = []
    for exchange in _exchanges(server, requests):
        began = time.perf_counter()
        exchange()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1_000_000


def processor_us(server: Server, requests: list[bytes]) -> float:
    """Return the processor time of an exchange: on a shared machine it is steadier than what a client waits."""
    began_s = server.cpu_seconds()
    for exchange in _exchanges(server, requests):
        exchange()
    return (server.cpu_seconds() - began_s) / len(requests) * 1_000_000


def _exchanges(server: Server, requests: list[bytes]) -> Iterator[Callable[[], None]]:
    with Connection(server.port) as connection:
        for raw in requests:
            yield partial(_succeed, server, connection, raw)


def _succeed(server: Server, connection: Connection, raw: bytes) -> None:
    answer = connection.exchange(raw)
    if answer.status not in {200, 201}:
        raise RuntimeError(f"{server.name} answers {answer.status}: {answer.body[:300]!r}")


def memory_after(requests: int, client: str) -> dict[str, Any]:
    """Send so many reads, and a tenth as many refusals; tell the memory before and after."""
    with running("sandbox", sandbox(SMALL, "--quiet")) as server, TemporaryDirectory(prefix="bench-") as folder:
        ground, path, sent = Ground(server.token()), Path(folder, "requests"), 0
        reads = row_named("read JSON").make(ground)
        unknown = row_named("404").make(ground)
        write_requests(path, [*reads * 10, *unknown[: len(reads)]])
        before = server.resident_bytes()
        while sent < requests:
            sent += drive(client, path, server.port, 5 if requests > 100_000 else 1).answers
        return {
            "requests": sent,
            "resident_mib_before": round(before / _MIB, 1),
            "resident_mib_after": round(server.resident_bytes() / _MIB, 1),
        }
