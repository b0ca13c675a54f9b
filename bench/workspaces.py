"""What workspaces and states cost: to make one, one that is idle, a read beside a thousand, a large state.

The processor time of the server is what a busy machine changes least.
"""

import io
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.appointments import REGISTERED, appointment, logical_id
from bench.processes import Server, running
from bench.watched import Held
from bench.wire import Connection, request
from registry_sandbox.cli.control_client import ControlClient
from registry_sandbox.fhir.datatypes import write_instant

_SANDBOX = ["registry_sandbox", "serve", "--port", "0", "--quiet"]
_READ = "/STU3/Appointment/booked-tomorrow"
_BATCH = 200
_BATCHES = 41


def measure(count: int) -> dict[str, Any]:
    """Measure with so many workspaces."""
    with running("none", _SANDBOX) as none, running("many", [*_SANDBOX, "--max-workspaces", str(count)]) as many:
        _warm_up(none, many)
        before = many.resident_bytes()
        made = _made(many, count)
        idle = many.resident_bytes()
        _read_in_each(many, count)
        used = many.resident_bytes()  # before the comparison, which fills the journal of the first one
        return {
            **made,
            "kb_each_idle": round((idle - before) / count / 1024, 1),
            "kb_each_idle_after_a_read": round((used - before) / count / 1024, 1),
            "read_beside_them": _compared(none, many),
        }


def _warm_up(*servers: Server) -> None:
    for server in servers:
        token = server.token()
        with Connection(server.port) as connection:
            for _ in range(500):
                connection.exchange(request("GET", _READ, {"Authorization": f"Bearer {token}"}))
            # One workspace is made and used, so that all modules are loaded.
            connection.exchange(request("POST", "/_sandbox/workspaces", {}, b'{"name": "first"}'))
            connection.exchange(request("GET", f"/w/first{_READ}", {}))
            connection.exchange(request("DELETE", "/_sandbox/workspaces/first", {}))


def _made(server: Server, count: int) -> dict[str, Any]:
    times = []
    with Connection(server.port) as connection:
        began_s = server.cpu_seconds()
        for number in range(count):
            body = json.dumps({"name": f"w-{number}"}).encode()
            began = time.perf_counter()
            answer = connection.exchange(request("POST", "/_sandbox/workspaces", {}, body))
            times.append((time.perf_counter() - began) * 1_000)
            if answer.status != 201:
                raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
        taken_s = server.cpu_seconds() - began_s
    return {
        "workspaces": count,
        "make_ms": round(statistics.median(times), 2),
        "make_ms_p99": round(statistics.quantiles(times, n=100)[-1], 2),
        "make_cpu_ms": round(taken_s / count * 1_000, 2),
    }


def _compared(none: Server, many: Server) -> dict[str, Any]:
    """Return the processor time of a read at each, in batches by turns, and the median ratio of the batches."""
    reads = {
        server.name: request("GET", _READ, {"Authorization": f"Bearer {server.token()}"}) for server in (none, many)
    }
    taken: dict[str, list[float]] = {"none": [], "many": []}
    with Connection(none.port) as first, Connection(many.port) as second:
        for batch in range(_BATCHES):
            pairs = [(none, first), (many, second)]
            for server, connection in pairs if batch % 2 else reversed(pairs):
                began_s = server.cpu_seconds()
                for _ in range(_BATCH):
                    connection.exchange(reads[server.name])
                taken[server.name].append((server.cpu_seconds() - began_s) / _BATCH * 1_000_000)
    ratios = [beside / alone for alone, beside in zip(taken["none"], taken["many"], strict=True)]
    medians = {f"cpu_us_{name}": round(statistics.median(each), 1) for name, each in taken.items()}
    return {"ratio": round(statistics.median(ratios), 3), **medians}


def _read_in_each(server: Server, count: int) -> None:
    with Connection(server.port) as connection:
        for number in range(count):
            token = connection.exchange(request("GET", f"/w/w-{number}/_sandbox/token", {})).body.decode().strip()
            read = request("GET", f"/w/w-{number}{_READ}", {"Authorization": f"Bearer {token}"})
            if connection.exchange(read).status != 200:
                raise RuntimeError(f"workspace {number} does not answer")


def state(count: int) -> dict[str, Any]:
    """Measure a state of so many appointments: how long each way, and how long the event loop was held meanwhile."""
    with TemporaryDirectory(prefix="bench-") as folder:
        held = Held(Path(folder, "held"))
        arguments = ["bench.watched", str(Path(folder, "held")), "--port", "0", "--quiet"]
        with running("watched", arguments) as server:
            told: dict[str, Any] = {"appointments": count}
            for name, act in _acts(server, b"".join(document(count))).items():
                held.longest_s, began = 0.0, time.perf_counter()
                act()
                taken_s = time.perf_counter() - began
                told[name] = {"s": round(taken_s, 3), "loop_held_ms": round(held.longest_s * 1_000, 1)}
            return told


def _acts(server: Server, document: bytes) -> dict[str, Callable[[], None]]:
    control = ControlClient(f"http://127.0.0.1:{server.port}/_sandbox", timeout_s=600.0)
    story = {"patient": "9990001111", "pointer": "http://p.test/1", "start": "+1d", "end": "+2d"}
    return {
        "load": lambda: control.load("/state", io.BytesIO(document), len(document)),
        "save": lambda: control.save("/state", io.BytesIO()),
        "snapshot": lambda: control.json("POST", "/snapshots", {"name": "kept"}),
        "first_write": lambda: control.json("POST", "/appointments", story),
        "restore": lambda: control.json("POST", "/snapshots/kept/restore"),
    }


def document(count: int) -> Iterator[bytes]:
    """Yield a state of so many generated appointments, in pieces."""
    head = {"registry_sandbox_state": 1, "clock": {"frozen": False, "ahead_s": 0}, "random": {"seed": 1}}
    yield json.dumps({**head, "faults": {"rules": []}, "rate_limits": {}}).encode()[:-1] + b',"appointments":[\n'
    for number in range(count):
        meta = {"versionId": "1", "lastUpdated": write_instant(REGISTERED)}
        kept = {**appointment(number), "id": logical_id(number)}
        kept["meta"] = {**kept.get("meta", {}), **meta}
        yield (b",\n" if number else b"") + b'{"versions":[' + json.dumps(kept).encode() + b"]}"
    yield b"]}\n"
