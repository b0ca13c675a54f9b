"""Replicas beside a sandbox alone: answers per second, and the processor time of the replicas and of their store.

On a machine with few cores, client, replicas and store share them: what replicas add shows in the processor time.
"""

import json
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.appointments import appointment, logical_id
from bench.load import Load, drive, write_requests
from bench.processes import Server, cpu_seconds_of, running
from bench.rows import Ground, Row, booked_needed, row_named
from tests.stores import Server as Store
from tests.stores import running_server, servers

_NAMES = ("read JSON", "register JSON", "cancel JSON", "search 6 JSON")


@dataclass(frozen=True, slots=True)
class Variant:
    """What is measured: a name, the server, and the store that it has, if any."""

    name: str
    server: Server
    ground: Ground
    store: Store | None


def measure(client: str, *, rounds: int, told: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    """Measure a sandbox alone, a replica, and two workers, by turns; return what each row took."""
    rows = tuple(row_named(each) for each in _NAMES)
    program = next(iter(servers().values()), None)
    if program is None:
        told({"replicas": "SKIPPED: this machine has neither valkey-server nor redis-server"})
        return []
    measured = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        seeds = write_seeds(folder, booked_needed(rows, rounds, 1))
        variants = [stack.enter_context(_variant(name, seeds, program)) for name in ("alone", "replica", "2 workers")]
        for row in rows:
            measured.append(_row(row, variants, folder / "requests", client, rounds))
            told(measured[-1])
    return measured


def write_seeds(folder: Path, count: int) -> Path:
    """Write so many generated appointments to a file of seeds, and return its path."""
    path = folder / "seeds.json"
    entries = [{"resource": {**appointment(number), "id": logical_id(number)}} for number in range(count)]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return path


@contextmanager
def _variant(name: str, seeds: Path, program: str) -> Iterator[Variant]:
    flags = ["registry_sandbox", "serve", "--port", "0", "--quiet", "--seed-data", str(seeds), "--journal-size", "1000"]
    with ExitStack() as stack:
        store = None
        if name != "alone":
            store = stack.enter_context(running_server(program))
            flags += ["--store", store.url]
        if name == "2 workers":
            flags += ["--workers", "2"]
        server = stack.enter_context(running(name, flags))
        yield Variant(name, server, Ground(server.token()), store)


def _row(row: Row, variants: list[Variant], path: Path, client: str, rounds: int) -> dict[str, Any]:
    figures: dict[str, dict[str, list[float]]] = {
        each.name: {"per_second": [], "cpu_us": [], "store_us": [], "p99_us": []} for each in variants
    }
    for number in range(rounds):
        for variant in variants if number % 2 else reversed(variants):
            write_requests(path, row.make(variant.ground))
            before = _cpu(variant)
            load = drive(client, path, variant.server.port, 1)
            _require_answers(row, variant, load)
            after = _cpu(variant)
            taken = figures[variant.name]
            taken["per_second"].append(load.per_second)
            taken["p99_us"].append(load.p99_us)
            for name, at in (("cpu_us", 0), ("store_us", 1)):
                taken[name].append((after[at] - before[at]) / load.answers * 1_000_000)
    medians = {
        name: {figure: round(statistics.median(values), 1) for figure, values in taken.items()}
        for name, taken in figures.items()
    }
    return {"row": row.name, **medians}


def _cpu(variant: Variant) -> tuple[float, float]:
    store = 0.0 if variant.store is None else cpu_seconds_of(variant.store.process.pid)
    return variant.server.cpu_seconds(), store


def _require_answers(row: Row, variant: Variant, load: Load) -> None:
    if load.broken or load.refused or not load.answers:
        raise RuntimeError(
            f"{row.name}, {variant.name}: of {load.answers}, {load.refused} were refused, {load.broken} broke"
        )
