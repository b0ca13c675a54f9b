"""What a replica costs the others: all requests go to the first of several, and the others follow what it writes.

So the processor time of an exchange comes apart: that of the replica which answers, of each that follows, of the store.
"""

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.load import drive, write_requests
from bench.processes import Server, cpu_seconds_of, running
from bench.replicas import write_seeds
from bench.rows import Ground, Row, booked_needed, row_named
from tests.stores import Server as Store
from tests.stores import running_server, servers

_NAMES = ("read JSON", "search 6 JSON", "register JSON", "cancel JSON")
_MOST = 3


def measure(client: str, *, rounds: int, told: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    """Measure one, two and three replicas; return what each row took, in microseconds for each answer."""
    program = next(iter(servers().values()), None)
    if program is None:
        told({"followers": "SKIPPED: this machine has neither valkey-server nor redis-server"})
        return []
    rows = tuple(row_named(each) for each in _NAMES)
    measured = []
    with TemporaryDirectory(prefix="bench-") as folder:
        seeds = write_seeds(Path(folder), booked_needed(rows, rounds, 1))
        for count in range(1, _MOST + 1):
            with ExitStack() as stack:
                store = stack.enter_context(running_server(program))
                replicas = [stack.enter_context(running(f"{number}", _flags(seeds, store))) for number in range(count)]
                for row in rows:
                    measured.append(_row(row, replicas, store, Path(folder, "requests"), client, rounds))
                    told(measured[-1])
    return measured


def _flags(seeds: Path, store: Store) -> list[str]:
    flags = ["registry_sandbox", "serve", "--port", "0", "--quiet", "--seed-data", str(seeds), "--journal-size", "1000"]
    return [*flags, "--store", store.url]


def _row(  # noqa: PLR0913, PLR0917 - what is measured, and how
    row: Row, replicas: list[Server], store: Store, path: Path, client: str, rounds: int
) -> dict[str, Any]:
    taken: dict[str, list[float]] = {"answers_per_second": [], "first_us": [], "each_other_us": [], "store_us": []}
    ground = Ground(replicas[0].token())
    for _ in range(rounds):
        write_requests(path, row.make(ground))
        before = _cpu_s(replicas, store)
        load = drive(client, path, replicas[0].port, 1)
        if load.broken or load.refused or not load.answers:
            raise RuntimeError(f"{row.name}: of {load.answers}, {load.refused} were refused, {load.broken} broke")
        first, *others, of_store = (
            (now - then) / load.answers * 1_000_000 for now, then in zip(_cpu_s(replicas, store), before, strict=True)
        )
        taken["answers_per_second"].append(load.per_second)
        taken["first_us"].append(first)
        taken["each_other_us"].append(statistics.mean(others) if others else 0.0)
        taken["store_us"].append(of_store)
    medians = {name: round(statistics.median(values), 1) for name, values in taken.items()}
    return {"row": row.name, "replicas": len(replicas), **medians}


def _cpu_s(replicas: list[Server], store: Store) -> list[float]:
    return [*(each.cpu_seconds() for each in replicas), cpu_seconds_of(store.process.pid)]
