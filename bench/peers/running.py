"""A server that is compared: started, waited for, weighed and ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.peers.kinds import Kind
from bench.peers.talk import Talk
from bench.processes import environment
from bench.wire import HOST

_PATIENCE_S = 120.0


@contextmanager
def running(kind: Kind) -> Iterator[tuple[int, float, "subprocess.Popen[bytes]"]]:
    """Run a server: its port, the seconds to its first answer, its process."""
    with TemporaryDirectory(prefix="bench-") as folder, Path(folder, "log").open("wb") as log:
        port = _two_free_ports()
        command = kind.command(Path(folder), port)
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=environment(), start_new_session=True
        )
        try:
            _await(port, process, Path(folder, "log"))
            yield port, time.perf_counter() - began, process
        finally:
            _end(process)


def _two_free_ports() -> int:
    """Return a port that is free, and the next one too."""
    while True:
        with socket.socket() as one, socket.socket() as next_one:
            one.bind((HOST, 0))
            port: int = one.getsockname()[1]
            try:
                next_one.bind((HOST, port + 1))
            except OSError:
                continue
            return port


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers what it was taught; some listen before they have learnt it."""
    talk, until = Talk(port, "none", "none"), time.monotonic() + _PATIENCE_S
    while talk.call("GET", "/metadata", Authorization="").status != 200:
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"a peer did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.005)


def _end(process: "subprocess.Popen[bytes]") -> None:
    # The group: some start processes of their own. It is gone where a peer did not start.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def proportional_mb(group: int) -> float:
    """Return the memory of all processes of a group, what they share counted once."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rpartition(")")[2].split()[2]) == group:
                rollup = status.with_name("smaps_rollup").read_text()
                total += int(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended since
    return total / 1024
