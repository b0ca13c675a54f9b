"""A Python process that has imported what runs of the command and of pytest need, and becomes one run after another.

Each run is a fork: a process of its own, as it is for users, but spared the imports, which take most of its time. What
forks has no threads. That the plugin imports little, and that a command finds all it needs, is tested by a Python that
is started. What the process does is in becoming.py.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

ROOT: Final = Path(__file__).parents[2]
PATIENCE_S: Final = 60.0
"""As long as a test waits for what it expects to come at once, or for a run to its end."""

_LINE: Final = 4_096


class Template:
    """The process, from `with` to its end.

    Attributes:
        process: it, as it was started.
    """

    def __enter__(self) -> Self:
        """Start it; what it imports, it imports with the environment of now."""
        self._link, its = socket.socketpair()
        with its:
            self.process = subprocess.Popen(  # noqa: S603 - our own Python
                [sys.executable, "-m", "tests.house.becoming", str(its.fileno())], cwd=ROOT, pass_fds=[its.fileno()]
            )
        return self

    def __exit__(self, *_: object) -> None:
        """End it, when its last run has ended."""
        self._link.close()
        self.process.wait(PATIENCE_S)

    def become(self, run: "Run", streams: Sequence[IO[Any]]) -> socket.socket:
        """Begin a run with these as its stdin, stdout and stderr; return where `Forked` is told of it."""
        told, tells = socket.socketpair()
        with tells:
            try:
                socket.send_fds(self._link, [b"\0"], [*(each.fileno() for each in streams), tells.fileno()])
                self._link.sendall(json.dumps(asdict(run)).encode() + b"\n")
            except OSError:
                told.close()
                raise
        return told


@dataclass(frozen=True, slots=True)
class Run:
    """`python -m MODULE` with its arguments, in a folder and an environment."""

    module: str
    arguments: Sequence[str]
    folder: str
    environment: Mapping[str, str]


class Forked:
    """A run that has begun: what tests use of it, as `subprocess.Popen` has it.

    Args:
        told: what `Template.become` has returned.

    Attributes:
        pid: of the process.
        returncode: its exit status, or the negative number of the signal that ended it; None while it runs.
    """

    def __init__(self, told: socket.socket) -> None:
        self._told, self._line = told, b""
        self.returncode: int | None = None
        self.pid = self._number(PATIENCE_S)

    def _number(self, within_s: float) -> int:
        """Return the next number that is told of it; `TimeoutError` or `BlockingIOError` if none comes."""
        self._told.settimeout(within_s)
        while b"\n" not in self._line:
            some = self._told.recv(_LINE)
            if not some:
                self._told.close()
                raise RuntimeError("the template of the tests has ended, and its run with it")
            self._line += some
        number, _, self._line = self._line.partition(b"\n")
        return int(number)

    def poll(self) -> int | None:
        """Return its exit status if it has ended."""
        try:
            return self.wait(0)
        except BlockingIOError:
            return None

    def wait(self, timeout: float = PATIENCE_S) -> int:
        """Return its exit status; `TimeoutError` if it has not ended by then."""
        if self.returncode is None:
            self.returncode = self._number(timeout)
            self._told.close()
        return self.returncode

    def ended(self, within_s: float = PATIENCE_S) -> int:
        """Return its exit status; end it, and raise `TimeoutError`, if it does not come to its end by then."""
        try:
            return self.wait(within_s)
        except TimeoutError:
            self.kill()
            self.wait()
            raise TimeoutError(f"a run has not come to its end within {within_s:g} s") from None

    def send_signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it without asking."""
        self.send_signal(signal.SIGKILL)
