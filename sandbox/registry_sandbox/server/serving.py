"""The ports that a sandbox listens on: opened and closed together.

Source: operator.md, Start (`--port`, `--control-port`, `--ready-file`, SIGTERM).
"""

import asyncio
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from ssl import SSLContext

from aiohttp import web

from registry_sandbox.http.base_url import authority, reachable
from registry_sandbox.http.errors import InvalidHeader
from registry_sandbox.server.acceptor import Acceptor, handed_on
from registry_sandbox.server.bound_socket import BACKLOG, EVERY_ADDRESS, PortTaken, bound_socket, port_taken
from registry_sandbox.server.connection import connections
from registry_sandbox.server.listener import Listener
from registry_sandbox.server.ready_file import UnwritableReadyFile, remove_ready_file, write_ready_file
from registry_sandbox.server.sending import octets
from registry_sandbox.server.tls_port import TlsPort

DRAIN_S = 4.5
"""How long a stop waits for what is being worked on. With all the rest it takes 5 s at most."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port to listen on: its number (0 for a free one), its listener, TLS if it has it, and a socket that listens."""

    number: int
    listener: Listener
    ssl_context: SSLContext | None = None
    bound: socket.socket | None = None


class Serving:
    """The registry's port, and the control plane's if it has its own.

    Args:
        host: the address to listen on.
        registry: the registry's port.
        control: the control plane's own port; None if it shares the registry's.
        paths: the paths of the FHIR base and of the control root.
        ready_file: written once requests are answered, if there is one.

    Attributes:
        port: the number of the registry's port; 0 before the start.
        control_port: the number of the control plane's port.
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
        self._accepting: list[Acceptor | TlsPort] = []
        self._said_ready = False
        self.port = self.control_port = 0

    @property
    def fhir_base(self) -> str:
        """The URL of the FHIR base on this machine."""
        return f"{self._origin(self.port, self._registry)}{self._base_path}"

    @property
    def control_root(self) -> str:
        """The URL of the control plane's root on this machine."""
        return f"{self._origin(self.control_port, self._control or self._registry)}{self._control_path}"

    def _origin(self, number: int, port: Port) -> str:
        return f"{'http' if port.ssl_context is None else 'https'}://{authority(reachable(self._host), number)}"

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
                write_ready_file(self._ready_file, self.fhir_base, self.control_root)
                self._said_ready = True
        except (PortTaken, UnwritableReadyFile):
            await self.stop()
            raise

    async def _listen(self, port: Port) -> int:
        http, make = _connections(port.listener)
        loop = asyncio.get_running_loop()
        # Windows' default loop cannot tell when a socket becomes readable, but it accepts all that wait.
        by_the_loop = sys.platform == "win32" and port.ssl_context is None
        try:
            bound = port.bound
            if bound is None and self._host == EVERY_ADDRESS:
                bound = bound_socket(self._host, port.number)
            if bound is not None:
                server = await loop.create_server(make, sock=bound, backlog=BACKLOG, start_serving=by_the_loop)
            else:
                server = await loop.create_server(
                    make, self._host, port.number, backlog=BACKLOG, start_serving=by_the_loop
                )
        except OSError as error:
            raise port_taken(error, self._host, port.number) from error
        if not by_the_loop:
            accepting = _accepting(port, make)
            accepting.serve(server.sockets)
            self._accepting.append(accepting)
        self._servers.append((server, http))
        taken: int = server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Stop accepting, close what is idle, finish what is in flight (5 s at most), close.

        The ready file is removed, if it is ours.
        """
        if self._said_ready and self._ready_file is not None:
            with suppress(UnwritableReadyFile):  # it stays, but the sandbox must still stop
                remove_ready_file(self._ready_file)
        for server, http in self._servers:
            server.close()
            http.pre_shutdown()
        for accepting in self._accepting:
            await accepting.close()
        # aiohttp waits twice as long as it is told: for the handler, and again once it has given up the request's body.
        await asyncio.gather(*(http.shutdown(DRAIN_S / 2) for _, http in self._servers))
        self._servers.clear()


def _connections(listener: Listener) -> tuple[web.Server, Callable[[], asyncio.Protocol]]:
    if listener.bad_certificate is None:
        return connections(listener)
    from registry_sandbox.server.watched import WatchedConnection

    return connections(listener, WatchedConnection)


def _accepting(port: Port, make: Callable[[], asyncio.Protocol]) -> Acceptor | TlsPort:
    context, listener = port.ssl_context, port.listener
    if context is None:
        return Acceptor(partial(handed_on, make))
    refusal = partial(_no_tls, listener)
    if listener.bad_certificate is None:
        return TlsPort(context, make, refusal)
    from registry_sandbox.server.watched import WatchedTlsPort

    return WatchedTlsPort(context, make, refusal, bad_certificate=listener.bad_certificate)


def _no_tls(listener: Listener) -> bytes:
    error = InvalidHeader("This port speaks TLS; the request came as plain HTTP. Expected https.")
    return octets(listener.refuse(error), connection="close")
