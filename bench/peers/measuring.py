"""One server measured: its start, its memory, its rates, and the conversation."""

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from bench.appointments import appointment
from bench.load import drive, write_requests
from bench.peers.conversation import STEPS, unlike
from bench.peers.kinds import Kind
from bench.peers.running import proportional_mb, running
from bench.peers.talk import Talk, id_of
from bench.rows import JSON
from bench.wire import exchange, request

_KNOWN = 64
"""As many appointments are registered for the reads to go round."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long it is measured: starts, seconds of warming up, rounds of a second each."""

    starts: int
    warm_s: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a server; a rate is None if what it measures was refused."""

    name: str
    version: str
    taught: str
    start_s: float
    idle_mb: float
    loaded_mb: float
    reads_per_second: float | None
    registers_per_second: float | None
    unlike: dict[str, int]

    def row(self) -> str:
        """Return the row of the table."""
        answered = f"{len(STEPS) - len(self.unlike)} of {len(STEPS)}"
        rates = " | ".join("refused" if each is None else f"{each:,.0f}" for each in self._rates())
        memory = f"{self.idle_mb:.0f}, {self.loaded_mb:.0f} MB"
        return (
            f"| {self.name} {self.version} | {self.taught} | {answered} | {self.start_s:.2f} s | {memory} | {rates} |"
        )

    def _rates(self) -> tuple[float | None, float | None]:
        return self.reads_per_second, self.registers_per_second

    def as_json(self) -> dict[str, Any]:
        """Return it for the JSON file."""
        return asdict(self)


def measure(kind: Kind, plan: Plan) -> Found:
    """Start a server several times, and measure the last."""
    starts = []
    for _ in range(plan.starts - 1):
        with running(kind) as (_, took_s, _):
            starts.append(took_s)
    with running(kind) as (port, took_s, process):
        starts.append(took_s)
        idle = proportional_mb(process.pid)
        talk = Talk(port, *_tokens(kind, port))
        otherwise = unlike(talk)
        reads, registers = _rates(talk, port, plan)
        start_s, loaded = statistics.median(starts), proportional_mb(process.pid)
    return Found(kind.name, kind.version, kind.taught, start_s, idle, loaded, reads, registers, otherwise)


def _tokens(kind: Kind, port: int) -> tuple[str, str]:
    """Return a good token and one that has expired; to a peer they are only words."""
    if kind.name != "sandbox":
        return "good", "expired"
    return _token(port, ""), _token(port, "?expires_in=-60")


def _token(port: int, query: str) -> str:
    return exchange(port, request("GET", f"/_sandbox/token{query}", {})).body.decode().strip()


def _rates(talk: Talk, port: int, plan: Plan) -> tuple[float | None, float | None]:
    headers = {"Authorization": f"Bearer {talk.token}", "Accept": JSON, "User-Agent": "bench"}
    ids = [_registered(talk, number) for number in range(_KNOWN)]
    reads = [request("GET", f"/STU3/Appointment/{each}", headers) for each in ids]
    sent = {**headers, "Content-Type": JSON}
    bodies = (json.dumps(appointment(1_000 + at), separators=(",", ":")).encode() for at in range(_KNOWN))
    registers = [request("POST", "/STU3/Appointment", sent, body) for body in bodies]
    return _rate(reads, port, plan), _rate(registers, port, plan)


def _registered(talk: Talk, number: int) -> str:
    return id_of(talk.register(appointment(number)))


def _rate(requests: list[bytes], port: int, plan: Plan) -> float | None:
    with NamedTemporaryFile(prefix="bench-") as file:
        path = Path(file.name)
        write_requests(path, requests)
        drive("wrk", path, port, plan.warm_s)
        loads = [drive("wrk", path, port, 1) for _ in range(plan.rounds)]
    if any(load.refused or load.broken or not load.answers for load in loads):
        return None
    return statistics.median(load.per_second for load in loads)
