"""The sandbox and the bare application by turns, in short rounds: answers per second, processor time per answer.

The second ratio says the same as the first on a quiet machine, where the server has a core for itself; on a machine
that others use too it is the one to look at.
"""

import base64
import json
import statistics
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.load import CONNECTIONS, Load, drive, write_requests
from bench.processes import Server, bare, running, sandbox
from bench.rows import Ground, Row, booked_needed
from bench.wire import Answer, exchange, request

_ADDED_BY_AIOHTTP = ("content-length", "date", "connection")


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is measured: by which load generator, in how many rounds of how long, beside which loops."""

    client: str
    rounds: int
    seconds: int
    loops: tuple[str, ...]
    connections: int = CONNECTIONS


@dataclass(slots=True)
class Measured:
    """A row as it was measured, by server: `sandbox`, and the bare one on each loop; a figure for each round."""

    row: Row
    rates: dict[str, list[float]]
    cpu_us: dict[str, list[float]]
    p99_us: dict[str, list[float]]

    def p99_ratio(self, to: str) -> float:
        """Return the median ratio of the time within which 99 of 100 answers came."""
        pairs = zip(self.p99_us["sandbox"], self.p99_us[to], strict=True)
        return statistics.median(one / other for one, other in pairs)

    def ratios(self, to: str) -> list[float]:
        """Return the ratio of answers per second in each round, in order of size."""
        return sorted(one / other for one, other in zip(self.rates["sandbox"], self.rates[to], strict=True))

    def cpu_ratio(self, to: str) -> float:
        """Return the median ratio of answers per second of processor time."""
        pairs = zip(self.cpu_us["sandbox"], self.cpu_us[to], strict=True)
        return statistics.median(other / one for one, other in pairs)

    def as_json(self) -> dict[str, Any]:
        """Return what the JSON file says of the row."""
        others = [name for name in self.rates if name != "sandbox"]
        return {
            "row": self.row.name,
            "goal": self.row.goal,
            "median_per_second": {name: round(statistics.median(rates)) for name, rates in self.rates.items()},
            "median_cpu_us": {name: round(statistics.median(taken), 1) for name, taken in self.cpu_us.items()},
            "median_p99_us": {name: round(statistics.median(taken)) for name, taken in self.p99_us.items()},
            "cpu_ratios": {name: round(self.cpu_ratio(name), 3) for name in others},
            "ratios": {name: [round(ratio, 3) for ratio in self.ratios(name)] for name in others},
        }


def measure(rows: tuple[Row, ...], plan: Plan, done: Callable[[Measured], None]) -> list[Measured]:
    """Measure the rows, telling `done` of each."""
    with ExitStack() as stack:
        held = booked_needed(rows, plan.rounds, plan.seconds)
        ours = stack.enter_context(running("sandbox", sandbox(held, "--quiet")))
        others = [stack.enter_context(running(loop, bare(loop))) for loop in plan.loops]
        ground = Ground(ours.token(), seconds=plan.seconds)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        measured = []
        for row in rows:
            _give_the_same_answer(row, row.make(ground)[0], ours, others)
            measured.append(_measure(row, ground, folder / "requests", [ours, *others], plan))
            done(measured[-1])
        return measured


def _give_the_same_answer(row: Row, first: bytes, ours: Server, others: list[Server]) -> None:
    answer = exchange(ours.port, first)
    if answer.status != row.status:
        raise RuntimeError(f"{row.name}: the sandbox answers {answer.status}: {answer.body[:500]!r}")
    headers = {name: value for name, value in answer.headers if name.lower() not in _ADDED_BY_AIOHTTP}
    canned = {"status": answer.status, "headers": headers, "body": base64.b64encode(answer.body).decode()}
    for server in others:
        exchange(server.port, request("PUT", "/bare", {}, json.dumps(canned).encode()))
        same = exchange(server.port, first)
        if (same.status, _names(same), same.body) != (answer.status, _names(answer), answer.body):
            raise RuntimeError(f"{row.name}: the bare application answers otherwise: {same}")


def _names(answer: Answer) -> list[str]:
    return sorted(name.lower() for name, _ in answer.headers)


def _measure(row: Row, ground: Ground, path: Path, servers: list[Server], plan: Plan) -> Measured:
    names = [server.name for server in servers]
    rates, cpu_us, p99_us = ({name: list[float]() for name in names} for _ in range(3))
    measured = Measured(row, rates, cpu_us, p99_us)
    for number in range(plan.rounds):
        write_requests(path, row.make(ground))
        # Each goes first by turns, so that a machine that slows down favours none.
        for server in servers if number % 2 else reversed(servers):
            before = server.cpu_seconds()
            load = _round(row, plan, path, server)
            measured.rates[server.name].append(load.per_second)
            measured.p99_us[server.name].append(load.p99_us)
            measured.cpu_us[server.name].append((server.cpu_seconds() - before) / load.answers * 1_000_000)
    return measured


def _round(row: Row, plan: Plan, path: Path, server: Server) -> Load:
    load = drive(plan.client, path, server.port, plan.seconds, plan.connections)
    expected = load.answers if row.status >= 400 else 0
    if load.broken or load.refused != expected or not load.answers:
        raise RuntimeError(
            f"{row.name}: of {load.answers} answers of {server.name}, {load.refused} had a status of 400 or more "
            f"(expected {expected}), and {load.broken} connections broke"
        )
    return load
