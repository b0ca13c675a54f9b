"""The ports that a sandbox listens on: opened together, closed in good order.

Source: operator.md, Start (`--port`, `--control-port`, `--ready-file`, SIGTERM).
"""

import asyncio
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from ssl import SSLContext

from aiohttp import web

from registry_sandbox.http.errors import InvalidHeader
from registry_sandbox.server.connection import Listener, connections
from registry_sandbox.server.sending import octets
from registry_sandbox.server.tls_port import TlsPort

DRAIN_S = 5.0


class PortTaken(Exception):
    """The address cannot be listened on; the message names it and says why."""


class UnwritableReadyFile(Exception):
    """The file that says when requests are answered cannot be written; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port to listen on: its number (0 for a free one), what answers there, and TLS if it has it."""

    number: int
    listener: Listener
    ssl_context: SSLContext | None = None


class Serving:
    """The registry's port, and the control plane's where it has one of its own.

    Args:
        host: the address to listen on.
        registry: the registry's port.
        control: the control plane's own port; None where it shares the registry's.
        paths: those of the FHIR base and of the control root.
        ready_file: written once requests are answered, if there is one.

    Attributes:
        port: the registry's port that was taken; 0 until then.
        control_port: the control plane's.
    """

    def __init__(
        self, host: str, registry: Port, control: Port | None, paths: tuple[str, str], ready_file: Path | None
    ) -> None:
        self._host = host
        self._registry = registry
        self._control = control
        self._base_path, self._control_path = paths
        self._ready_file = ready_file
        self._servers: list[tuple[asyncio.Server, web.Server]] = []
        self._tls_ports: list[TlsPort] = []
        self.port = self.control_port = 0

    @property
    def fhir_base(self) -> str:
        """The FHIR base as it is reached from this machine."""
        return f"{self._origin(self.port, self._registry)}{self._base_path}"

    @property
    def control_root(self) -> str:
        """The control plane's root as it is reached from this machine."""
        return f"{self._origin(self.control_port, self._control or self._registry)}{self._control_path}"

    def _origin(self, number: int, port: Port) -> str:
        host = self._host
        reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
        return f"{'http' if port.ssl_context is None else 'https'}://{reachable}:{number}"

    async def start(self) -> None:
        """Listen; once this returns, requests are answered.

        Raises:
            PortTaken, UnwritableReadyFile: nothing is left listening.
        """
        try:
            self.port = self.control_port = await self._listen(self._registry)
            if self._control is not None:
                self.control_port = await self._listen(self._control)
            if self._ready_file is not None:
                _write_at_once(self._ready_file, f"{self.fhir_base}\n{self.control_root}\n")
        except (PortTaken, UnwritableReadyFile):
            await self.stop()
            raise

    async def _listen(self, port: Port) -> int:
        http, make = connections(port.listener)
        loop, plain = asyncio.get_running_loop(), port.ssl_context is None
        try:
            server = await loop.create_server(make, self._host, port.number, backlog=1024, start_serving=plain)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            where = f"{self._host}:{port.number}"
            raise PortTaken(f"cannot listen on {where}: {why}; --port 0 takes a free one") from error
        if port.ssl_context is not None:
            tls = TlsPort(port.ssl_context, make, partial(_no_tls, port.listener))
            tls.serve(each.fileno() for each in server.sockets)
            self._tls_ports.append(tls)
        self._servers.append((server, http))
        taken: int = server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Stop accepting, close what is idle, finish what is in flight (5 s at most), close."""
        for server, http in self._servers:
            server.close()
            http.pre_shutdown()
        for tls in self._tls_ports:
            await tls.close()
        await asyncio.gather(*(http.shutdown(DRAIN_S) for _, http in self._servers))
        self._servers.clear()


def _no_tls(listener: Listener) -> bytes:
    error = InvalidHeader("This port speaks TLS; the request came as plain HTTP. Expected https.")
    return octets(listener.refuse(error), connection="close")


def _write_at_once(path: Path, text: str) -> None:
    # Written beside it and renamed, so that nobody who waits for the file reads half of it.
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_text(text)
        beside.replace(path)
    except OSError as error:
        raise UnwritableReadyFile(f"--ready-file {path} cannot be written: {error.strerror or error}") from error
