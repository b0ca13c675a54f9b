"""Serving: listens, says when it is ready, and stops in good order.

Source: operator.md, Start.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from sandbox.app import Sandbox
from sandbox.banner import banner
from sandbox.errors import SandboxError
from sandbox.exchange import Handler, Request, Response
from sandbox.outcomes import refusal
from sandbox.representation import represent
from sandbox.server.access_log import AccessLog
from sandbox.server.connection import Listener, connections
from sandbox.server.control_api import ROOT
from sandbox.settings import MUTUAL_CONTROL_PORT

DRAIN_S = 5.0
_COLLECTED_AFTER = 20_000


class PortTaken(Exception):
    """The address cannot be listened on; the message names it and says why."""


def _print(text: str) -> None:
    # At once: whoever reads the port from a pipe would wait for ever for what Python keeps back.
    print(text, flush=True)  # noqa: T201 - the banner is for people


class UnwritableReadyFile(Exception):
    """The file that says when requests are answered cannot be written; the message names it and says why."""


class Serving:
    """A sandbox on its ports.

    Args:
        sandbox: what is served.
        say: prints the banner.
        access_lines: whether each exchange is noted on stderr.
    """

    def __init__(self, sandbox: Sandbox, say: Callable[[str], None] = _print, *, access_lines: bool = True) -> None:
        self._sandbox = sandbox
        self._say = say
        self._servers: list[tuple[asyncio.Server, web.Server]] = []
        self._access_log = AccessLog(sandbox.settings.log_format) if access_lines else None
        self.control_port = 0

    @property
    def fhir_base(self) -> str:
        """The FHIR base as it is reached from this machine."""
        return (
            f"{self._origin(self._sandbox.port, secure=self._sandbox.settings.tls != 'off')}{self._sandbox.base_path}"
        )

    @property
    def control_root(self) -> str:
        """The control plane's root as it is reached from this machine."""
        apart = self.control_port != self._sandbox.port
        secure = self._sandbox.settings.tls != "off" and not apart
        return f"{self._origin(self.control_port, secure=secure)}{ROOT}"

    def _origin(self, port: int, *, secure: bool) -> str:
        host = self._sandbox.settings.host
        reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
        return f"{'https' if secure else 'http'}://{reachable}:{port}"

    async def start(self) -> None:
        """Listen; once this returns, requests are answered.

        Raises:
            PortTaken, UnwritableReadyFile: nothing is left listening.
        """
        settings = self._sandbox.settings
        try:
            self._sandbox.port = await self._listen(self._sandbox.front(), settings.port, self._sandbox.ssl_context())
            self.control_port = self._sandbox.port
            if self._sandbox.control_apart:
                self.control_port = await self._listen(self._sandbox.control_front(), self._control_port_wanted(), None)
            if settings.ready_file is not None:
                _write_at_once(settings.ready_file, f"{self.fhir_base}\n{self.control_root}\n")
        except (PortTaken, UnwritableReadyFile):
            await self.stop()
            raise

    def _control_port_wanted(self) -> int:
        settings = self._sandbox.settings
        if settings.control_port is not None:
            return settings.control_port
        return 0 if settings.port == 0 else MUTUAL_CONTROL_PORT

    async def _listen(self, front: Handler, port: int, ssl_context: "object | None") -> int:
        settings = self._sandbox.settings
        listener = Listener(
            handle=front,
            base_url=settings.base_url,
            base_path=self._sandbox.base_path,
            max_body=settings.max_body,
            access_line=self._access_log or _no_line,
            secure=ssl_context is not None,
            refuse=_refuse_in(self._sandbox),
        )
        http, make = connections(listener)
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(make, settings.host, port, ssl=ssl_context, backlog=1024)  # type: ignore[arg-type]
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise PortTaken(f"cannot listen on {settings.host}:{port}: {why}; --port 0 takes a free one") from error
        self._servers.append((server, http))
        taken: int = server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Stop accepting, finish what is in flight (5 s at most), close."""
        for server, _ in self._servers:
            server.close()
        await asyncio.gather(*(http.shutdown(DRAIN_S) for _, http in self._servers))
        self._servers.clear()
        self._sandbox.close()
        if self._access_log is not None:
            self._access_log.flush()

    def announce(self) -> None:
        """Print the banner, unless it is not wanted; making the token in it warms the keys up."""
        if not self._sandbox.settings.quiet:
            self._say(banner(self._sandbox, self.fhir_base, self.control_root))


def _no_line(remote: str, request: Request, response: Response) -> None:
    """Note nothing."""


def _refuse_in(sandbox: Sandbox) -> Callable[[SandboxError], Response]:
    new_id = sandbox.dice.ids("request ids")

    def refuse(error: SandboxError) -> Response:
        response = refusal(error)
        response.headers["X-Request-Id"] = new_id()
        represent(response, "json", sandbox.tenant.registrar.codec.write)
        response.headers["Cache-Control"] = "no-store"
        return response

    return refuse


def _write_at_once(path: Path, text: str) -> None:
    # Written beside it and renamed, so that whoever waits for the file never reads half of it.
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_text(text)
        beside.replace(path)
    except OSError as error:
        raise UnwritableReadyFile(f"--ready-file {path} cannot be written: {error.strerror or error}") from error


async def serve(sandbox: Sandbox) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        PortTaken, UnwritableReadyFile: as `Serving.start`.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows' loop has no signal handlers; there KeyboardInterrupt ends it
            loop.add_signal_handler(number, stopping.set)
    serving = Serving(sandbox)
    await serving.start()
    # What was made for the start stays for good: the collector need not look through it again and again.
    gc.freeze()
    # What exchanges leave in the journal is no garbage: looking through it after every 700 objects finds nothing.
    gc.set_threshold(_COLLECTED_AFTER)
    gc.enable()
    # Beside the loop, so that the first requests need not wait for the making of keys.
    threading.Thread(target=serving.announce, daemon=True).start()
    await stopping.wait()
    await serving.stop()


def run(sandbox: Sandbox) -> None:
    """Run an event loop that serves, uvloop's where there is one."""
    if sys.platform == "win32":
        asyncio.run(serve(sandbox))
        return
    import uvloop

    uvloop.run(serve(sandbox))
