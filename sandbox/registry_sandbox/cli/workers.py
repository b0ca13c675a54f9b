"""`serve --workers N`: starts N processes that answer on one port, starts one again that dies, and stops all.

Each has a listening socket of its own, which this process keeps open: connections that nobody has accepted wait there
until a worker that died is started again.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.cli.worker import VARIABLE, Worker
from registry_sandbox.server.bound_socket import PortTaken, bound_sockets
from registry_sandbox.server.ready_file import UnwritableReadyFile, remove_ready_file
from registry_sandbox.settings import Settings, fields, flag_of

_LOOKS_EVERY_S: Final = 0.1
_STOPS_WITHIN_S: Final = 8.0
_LIVES_AT_LEAST_S: Final = 2.0
_PAUSE_S: Final = 1.0


def run_workers(settings: Settings, options: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; return the exit status of the first worker, or that of one that cannot start.

    Raises:
        CommandFailed: the port is taken, or the ready file cannot be written.
    """
    if sys.platform == "win32":
        raise CommandFailed("--workers needs descriptors that processes inherit, which Windows does not have")
    with (
        _listening(settings) as sockets,
        TemporaryDirectory(prefix="registry-sandbox-") as folder,
        _stops() as stopping,
    ):
        return _Workers(settings, _flags(options), sockets, Path(folder), stopping).run()


@contextmanager
def _listening(settings: Settings) -> Iterator[list[tuple[socket.socket, ...]]]:
    """Yield the sockets of each worker: the registry's, and the control plane's if it has its own."""
    ports = [settings.port, *([settings.port_of_control] if settings.control_apart else [])]
    try:
        sockets = [bound_sockets(settings.host, each, settings.workers) for each in ports]
    except PortTaken as error:
        raise CommandFailed(error) from error
    try:
        yield list(zip(*sockets, strict=True))
    finally:
        for each in (each for of_port in sockets for each in of_port):
            each.close()


@contextmanager
def _stops() -> Iterator[threading.Event]:
    """Yield what is set on SIGTERM and SIGINT."""
    stopping = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(each, lambda *_: stopping.set()) for each in numbers]
    try:
        yield stopping
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _flags(options: argparse.Namespace) -> list[str]:
    """Return the flags as they were given."""
    given = vars(options)
    flags = [] if given.get("config") is None else ["--config", given["config"]]
    for field in fields():
        value = given.get(field.name)
        if value is True:
            flags.append(flag_of(field.name))
        elif value is not None:
            for each in value if isinstance(value, list) else [value]:
                flags += [flag_of(field.name), each]
    return flags


class _Workers:
    """The processes.

    Args:
        settings: of all.
        flags: what each is started with.
        sockets: what each accepts connections from.
        folder: for their ready files.
        stopping: is set when they shall stop.
    """

    def __init__(
        self,
        settings: Settings,
        flags: Sequence[str],
        sockets: Sequence[Sequence[socket.socket]],
        folder: Path,
        stopping: threading.Event,
    ) -> None:
        self._settings, self._sockets, self._folder, self._stopping = settings, sockets, folder, stopping
        self._command = [sys.executable, "-m", "registry_sandbox", "serve", *flags]
        self._running: dict[int, tuple[subprocess.Popen[bytes], float]] = {}
        self._said_ready = False

    def run(self) -> int:
        """Start them, look after them, stop them."""
        try:
            for number in range(self._settings.workers):
                self._start(number)
            failed = self._look_after()
        finally:
            if self._said_ready and self._settings.ready_file is not None:
                _removed(self._settings.ready_file)
            status = self._stop()
        return status if failed is None else failed

    def _start(self, number: int) -> None:
        sockets = tuple(each.fileno() for each in self._sockets[number])
        ready_file = self._folder / str(number)
        ready_file.unlink(missing_ok=True)
        worker = Worker(number, sockets, str(ready_file))
        environment = {**os.environ, VARIABLE: worker.told()}
        # In a group of its own: Ctrl-C on a terminal is told by this process, to one after the other.
        process = subprocess.Popen(  # noqa: S603 - our own command
            self._command, env=environment, pass_fds=sockets, process_group=0
        )
        self._running[number] = process, time.monotonic()

    def _look_after(self) -> int | None:
        """Return when they shall stop; the exit status of one that cannot even start."""
        while not self._stopping.wait(_LOOKS_EVERY_S):
            self._say_ready()
            for number, (process, since_s) in list(self._running.items()):
                if process.poll() is None:
                    continue
                if not self._said_ready:
                    return process.returncode or 1
                _log(f"worker {number} ended with status {process.returncode}; it is started again")
                if time.monotonic() - since_s < _LIVES_AT_LEAST_S:
                    self._stopping.wait(_PAUSE_S)
                self._start(number)
        return None

    def _say_ready(self) -> None:
        ready = [self._folder / str(number) for number in self._running]
        if self._said_ready or not all(each.exists() for each in ready):
            return
        self._said_ready = True
        if self._settings.ready_file is not None:
            beside = self._settings.ready_file.with_name(self._settings.ready_file.name + ".part")
            try:
                beside.write_bytes(ready[0].read_bytes())
                beside.replace(self._settings.ready_file)
            except OSError as error:
                where = f"--ready-file {self._settings.ready_file}"
                raise CommandFailed(f"{where} cannot be written: {error.strerror or error}") from error

    def _stop(self) -> int:
        """Stop all, the first one last: it judges what all have answered. Return its exit status."""
        first = self._running.pop(0, None)
        self._end([process for process, _ in self._running.values()])
        if first is None:
            return 1
        self._end([first[0]])
        return first[0].returncode

    def _end(self, processes: Sequence["subprocess.Popen[bytes]"]) -> None:
        for each in processes:
            if each.poll() is None:
                each.terminate()
        until_s = time.monotonic() + _STOPS_WITHIN_S
        for each in processes:
            try:
                each.wait(max(0.0, until_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()


def _removed(ready_file: Path) -> None:
    try:
        remove_ready_file(ready_file)
    except UnwritableReadyFile as error:
        _log(str(error))


def _log(sentence: str) -> None:
    print(f"registry-sandbox: {sentence}", file=sys.stderr, flush=True)
