"""The processes that are measured: started, waited for, weighed and stopped."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.wire import exchange, request

_PATIENCE_S = 600.0
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"

    def resident_bytes(self) -> int:
        """Return the memory that the process occupies."""
        return resident_bytes_of(self.process.pid)

    def cpu_seconds(self) -> float:
        """Return the processor time that the process has had, and its workers: all their threads together."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return sum(map(cpu_seconds_of, [self.process.pid, *map(int, children)]))

    def token(self) -> str:
        """Ask the sandbox for a token."""
        return exchange(self.port, request("GET", "/_sandbox/token", {})).body.decode().strip()


def resident_bytes_of(process_id: int) -> int:
    """Return the memory that a process occupies."""
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"the process {process_id} has ended")


def cpu_seconds_of(process_id: int) -> float:
    """Return the processor time that a process has had, all its threads together."""
    threads = Path(f"/proc/{process_id}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 1_000_000_000


def environment() -> dict[str, str]:
    """Return the environment in which this checkout is what `-m` finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (_ROOT, _ROOT / "sandbox")))}


@contextmanager
def running(name: str, arguments: Sequence[str]) -> Iterator[Server]:
    """Run `python -m ...`, which writes its port to the file that `--ready-file` names, and end it."""
    with TemporaryDirectory(prefix="bench-") as folder:
        ready, log = Path(folder, "ready"), Path(folder, "log")
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments, "--ready-file", str(ready)],
                stdout=written,
                stderr=written,  # the access lines are really written, to a file
                env=environment(),
            )
        try:
            yield Server(name, _port(process, ready, log), process)
        finally:
            process.terminate()
            process.wait(30)


def _port(process: "subprocess.Popen[bytes]", ready: Path, log: Path) -> int:
    deadline = time.monotonic() + _PATIENCE_S
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"a server did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.002)
    first = ready.read_text().splitlines()[0]
    return int(first.rpartition(":")[2].partition("/")[0])


def sandbox(appointments: int, *arguments: str) -> list[str]:
    """Return the arguments of a sandbox that holds so many generated appointments beside the shipped ones."""
    return ["bench.serve", "--generated", str(appointments), "--port", "0", *arguments]


def bare(loop: str) -> list[str]:
    """Return the arguments of the bare application on an event loop: `uvloop` or `asyncio`."""
    return ["bench.bare", "--loop", loop]
