"""The load generators: wrk where it is installed, else our own client; both replay the same file of requests."""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.processes import environment

CONNECTIONS = 16
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a round: `refused` answers had a status of 400 or more; one answer in a hundred took `p99_us`."""

    answers: int
    seconds: float
    refused: int
    broken: int
    p99_us: int

    @property
    def per_second(self) -> float:
        """The rate of answers."""
        return self.answers / self.seconds


def generator(wanted: str) -> str:
    """Choose `wrk` or `own`; `auto` is wrk where there is one."""
    if wanted == "auto":
        return "wrk" if shutil.which("wrk") else "own"
    return wanted


def write_requests(path: Path, requests: Iterable[bytes]) -> None:
    """Write a file of requests, each behind a line with its length."""
    path.write_bytes(b"".join(b"%d\n%b\n" % (len(each), each) for each in requests))


def drive(client: str, path: Path, port: int, seconds: int, connections: int = CONNECTIONS) -> Load:
    """Send the requests of a file, over and over, for so long."""
    if client == "wrk":
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--timeout",
            "10s",
            "-s",
            str(_HERE / "replay.lua"),
        ]
        command += [f"http://127.0.0.1:{port}", "--", str(path)]
    else:
        command = [sys.executable, "-m", "bench.client", str(path), str(port), str(seconds), str(connections)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    answers, duration_us, refused, broken, p99_us = map(int, line.split()[1:])
    return Load(answers, duration_us / 1_000_000, refused, broken, p99_us)
