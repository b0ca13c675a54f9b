"""How long a start takes: from the making of the process to the first answer with status 200."""

import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.appointments import SPECIAL, appointment, logical_id
from bench.processes import environment
from bench.wire import HOST, exchange, request

_SEED = "b7e99463-00a1-45fc-98aa-02301c103aba"


def shipped(times: int) -> dict[str, Any]:
    """Start with what is shipped, so many times."""
    found = [_start([], f"/STU3/Appointment/{_SEED}") for _ in range(times)]
    health, read = zip(*found, strict=True)
    return {
        "first_200_s": round(statistics.median(health), 3),
        "first_read_with_a_token_s": round(statistics.median(read), 3),
        "all_first_200_s": [round(each, 3) for each in sorted(health)],
    }


def seeded(counts: Sequence[int], done: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    """Start with so many appointments of a file, each judged like a client's."""
    found = []
    with TemporaryDirectory(prefix="bench-") as folder:
        for count in counts:
            path = Path(folder, f"{count}.json")
            _write_bundle(path, count)
            health, _ = _start(["--seed-data", str(path)], f"/STU3/Appointment/{logical_id(SPECIAL)}")
            found.append({"seeds": count, "first_200_s": round(health, 2)})
            done(found[-1])
    return found


def _write_bundle(path: Path, count: int) -> None:
    resources = ({**appointment(number), "id": logical_id(number)} for number in range(count))
    entries = [{"resource": resource} for resource in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))


def _start(arguments: list[str], read: str) -> tuple[float, float]:
    """Return the seconds to the first 200 of the health page, and to that of a read with a token."""
    port = _free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "registry_sandbox", "--port", str(port), "--quiet", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    try:
        while _status(port, request("GET", "/_sandbox/health", {})) != 200:
            if process.poll() is not None:
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.002)
        health = time.perf_counter() - began
        token = exchange(port, request("GET", "/_sandbox/token", {})).body.decode().strip()
        if _status(port, request("GET", read, {"Authorization": f"Bearer {token}"})) != 200:
            raise RuntimeError(f"{read} is not there")
        return health, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(30)


def _status(port: int, raw: bytes) -> int:
    try:
        return exchange(port, raw).status
    except ConnectionError:
        return 0


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port
