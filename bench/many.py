"""Replicas with very many appointments: how long they start and join, what they and the store hold, how they answer.

They begin with a state of a file (`--state`). Then so many changes are made that the log is shortened: one replica
writes all that it has to the store, and the next one that joins begins with that.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.growth import SENDS_TO_REPLICAS, SMALL, compared, latency_us
from bench.load import drive, write_requests
from bench.processes import Server, cpu_seconds_of, resident_bytes_of, running
from bench.rows import Ground, row_named
from bench.wire import exchange, request
from bench.workspaces import document
from registry_sandbox.replication.compaction import ENTRIES
from tests.stores import Server as Store
from tests.stores import running_server, servers

_MIB = 1024 * 1024
_PATIENCE_S = 900.0
_LOOKS_EVERY_S = 0.05


def measure(client: str, count: int, told: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Measure two replicas with so many appointments, beside one with a thousand, and a third that joins later."""
    program = next(iter(servers().values()), None)
    if program is None:
        return {"many": "SKIPPED: this machine has neither valkey-server nor redis-server"}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        small_store, store = (stack.enter_context(running_server(program)) for _ in range(2))
        small = stack.enter_context(_timed(small_store, _state(folder, SMALL)))[0]
        file = _state(folder, count)
        found: dict[str, Any] = {"appointments": count, "state_file_mib": _mib(file.stat().st_size)}
        one, found["start_s"] = stack.enter_context(_timed(store, file))
        other, found["join_s"] = stack.enter_context(_timed(store, file))
        found |= _memory("before", one, store)
        told(found)
        for name, send in SENDS_TO_REPLICAS.items():
            found[name] = compared(send, ((small, SMALL), (one, count)), latency_us)
        told(found)
        found |= _shortened(client, folder / "requests", (one, other), store)
        found |= _memory("after", one, store)
        found["join_later_s"] = stack.enter_context(_timed(store, file))[1]
        return found


def _state(folder: Path, count: int) -> Path:
    path = folder / f"{count}.json"
    with path.open("wb") as file:
        file.writelines(document(count))
    return path


@contextmanager
def _timed(store: Store, state: Path) -> Iterator[tuple[Server, float]]:
    """Start a replica, and yield it with the seconds that it took until it was ready."""
    flags = ["registry_sandbox", "serve", "--port", "0", "--quiet", "--journal-size", "1000"]
    began = time.perf_counter()
    with running("replica", [*flags, "--store", store.url, "--state", str(state)]) as server:
        yield server, round(time.perf_counter() - began, 1)


def _memory(when: str, replica: Server, store: Store) -> dict[str, float]:
    held = resident_bytes_of(store.process.pid)
    return {f"replica_mib_{when}": _mib(replica.resident_bytes()), f"store_mib_{when}": _mib(held)}


def _shortened(client: str, path: Path, replicas: tuple[Server, Server], store: Store) -> dict[str, Any]:
    """Make changes until one replica writes its state; return how long that took, and the longest wait meanwhile."""
    row = row_named("register JSON")
    write_requests(path, row.make(Ground(replicas[0].token())))
    changes, before = 0, resident_bytes_of(store.process.pid)
    while changes < ENTRIES:
        load = drive(client, path, replicas[0].port, 5)
        if load.broken or load.refused or not load.answers:
            raise RuntimeError(f"of {load.answers} registers, {load.refused} were refused, {load.broken} broke")
        changes += load.answers
    began, longest_s, grown, quiet_s = time.perf_counter(), 0.0, before, 0.0
    cpu_s = cpu_seconds_of(replicas[0].process.pid)
    while quiet_s < 2 and time.perf_counter() - began < _PATIENCE_S:  # until the store grows no more
        asked = time.perf_counter()
        exchange(replicas[0].port, request("GET", "/_sandbox/health", {}))
        longest_s = max(longest_s, time.perf_counter() - asked)
        time.sleep(_LOOKS_EVERY_S)
        now = resident_bytes_of(store.process.pid)
        quiet_s = 0.0 if now > grown + _MIB else quiet_s + time.perf_counter() - asked
        grown = max(grown, now)
    return {
        "changes": changes,
        "written_s_after_the_last": round(time.perf_counter() - began - quiet_s, 1),
        "written_cpu_s": round(cpu_seconds_of(replicas[0].process.pid) - cpu_s, 1),
        "longest_wait_ms_then": round(longest_s * 1_000),
        "p99_ms_until_then": round(load.p99_us / 1_000),
    }


def _mib(size: float) -> float:
    return round(size / _MIB, 1)
