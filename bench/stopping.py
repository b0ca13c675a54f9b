"""How long the sandbox takes to stop on SIGTERM, whatever is under way: a process of its own for each scene.

python -m bench.stopping

The exit status is 1 where a stop took longer than it may, ended with another status than 0, or lost an executed write.
"""

import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.appointments import appointment
from bench.hostile import json_bodies
from bench.processes import Server, running
from bench.wire import HOST, Connection, request

_AT_ONCE_S, _AT_MOST_S = 0.5, 5.0
_IDLE, _STREAMS, _WAITING, _REFUSALS, _WRITERS = 1_000, 10, 20, 60, 16
_SETTLES_S = 1.0
_SERVE = ("registry_sandbox", "serve", "--port", "0", "--quiet")
_FHIR_JSON = {"Content-Type": "application/fhir+json"}


@dataclass(frozen=True, slots=True)
class Scene:
    """What is under way; `begin` begins it, and returns what is to be said of it after the end."""

    name: str
    begin: Callable[[Server, ExitStack], Callable[[], str]]
    at_most_s: float
    arguments: tuple[str, ...] = ()


def _open(server: Server, stack: ExitStack, raw: bytes) -> socket.socket:
    connection = stack.enter_context(closing(socket.create_connection((HOST, server.port), timeout=30)))
    connection.sendall(raw)
    return connection


def _registration(server: Server, body: bytes) -> bytes:
    return request("POST", "/STU3/Appointment", {**_FHIR_JSON, "Authorization": f"Bearer {server.token()}"}, body)


def _waiting(server: Server, stack: ExitStack) -> Callable[[], str]:
    """Keep connections idle, follow events, and let faults keep exchanges waiting."""
    read = {"Authorization": f"Bearer {server.token()}"}
    for _ in range(_IDLE):
        stack.enter_context(Connection(server.port)).exchange(request("GET", "/_sandbox/health/live", {}))
    for _ in range(_STREAMS):
        _open(server, stack, request("GET", "/_sandbox/events", {}))
    for path in ("booked-tomorrow", "booked-tomorrow/_history", "booked-tomorrow/_history/1"):
        for _ in range(_WAITING):
            _open(server, stack, request("GET", f"/STU3/Appointment/{path}", read))
    return lambda: ""


def _explained(server: Server, stack: ExitStack) -> Callable[[], str]:
    """Let both threads explain refusals, with many more to come."""
    body = dict(json_bodies(1_048_576))["narrative: empty images"]
    for _ in range(_REFUSALS):
        _open(server, stack, _registration(server, body))
    return lambda: ""


def _written(server: Server, stack: ExitStack) -> Callable[[], str]:
    """Register without a pause, and count what is answered 201: as many as the access log has."""
    answered = [0] * _WRITERS
    raw = _registration(server, json.dumps(appointment(1_000)).encode())

    def write(at: int) -> None:
        with suppress(OSError), Connection(server.port) as connection:
            while True:
                answered[at] += connection.exchange(raw).status == 201

    threads = [threading.Thread(target=write, args=[at], daemon=True) for at in range(_WRITERS)]
    for each in threads:
        each.start()
    log = Path(f"/proc/{server.process.pid}/fd/2").readlink()
    written = stack.enter_context(log.open("rb"))

    def told() -> str:
        for each in threads:
            each.join()
        executed = sum(b" 201 " in line for line in written)
        lost = "" if executed == sum(answered) else "LOST: "
        return f"{lost}{executed:,} executed, {sum(answered):,} answered"

    return told


_SCENES = (
    Scene(
        f"{_IDLE:,} idle connections, {_STREAMS} event streams, {3 * _WAITING} hangs, delays and holds",
        _waiting,
        _AT_ONCE_S,
        (
            "--fault",
            "read:hang",
            "--fault",
            "vread:delay=1h",
            "--fault",
            "history-instance:hold",
            "--max-delay",
            "3600",
        ),
    ),
    Scene(f"{_REFUSALS} large refusals in two threads", _explained, _AT_MOST_S),
    Scene(f"registrations on {_WRITERS} connections", _written, _AT_MOST_S),
)


def _stop(scene: Scene) -> bool:
    with running("stopped", [*_SERVE, *scene.arguments]) as server, ExitStack() as stack:
        told = scene.begin(server, stack)
        time.sleep(_SETTLES_S)
        begun_s = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        status = server.process.wait(60)
        took_s = time.monotonic() - begun_s
        said = told()
    print(f"| {scene.name} | {took_s:.2f} s | {scene.at_most_s} s | {status} | {said} |", flush=True)
    return status == 0 and took_s <= scene.at_most_s and not said.startswith("LOST")


def main() -> int:
    """Stop each, and print the times."""
    print("| under way | stopped within | wanted | exit status | |\n|---|---|---|---|---|")
    stopped = [_stop(each) for each in _SCENES]
    return 0 if all(stopped) else 1


if __name__ == "__main__":
    sys.exit(main())
