"""A sandbox that runs in a thread of this process, for tests.

with RegistrySandbox() as sandbox:
    httpx.get(f"{sandbox.base_url}/metadata")
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from registry_sandbox.app import build
from registry_sandbox.faults.effect import Sleep
from registry_sandbox.server.loops import loop_factory
from registry_sandbox.settings import BadSetting, combined
from registry_sandbox.testing.control import Control
from registry_sandbox.testing.remote import RemoteSandbox


class RegistrySandbox(RemoteSandbox):
    """A real server on a free port, from `with` to its end, or from `start` to `stop`.

    Args:
        sleep: how injected delays wait.
        wall: the machine's clock, in seconds since the epoch.
        settings: as in a YAML file: `clock="2019-01-18T09:00:00Z"`, `fault=["cancel:503@x1"]`. The port is a free one
            unless it is named; the environment is not looked at.

    Attributes:
        base_url: the FHIR base, such as `http://127.0.0.1:49152/STU3`.
        sandbox: the parts themselves, for tests that look behind the interface.

    Raises:
        BadSetting: a setting is unknown, or has a value that it cannot have.
    """

    def __init__(self, *, sleep: Sleep = asyncio.sleep, wall: Callable[[], float] = time.time, **settings: Any) -> None:
        chosen = {name: _plain(value) for name, value in settings.items() if value is not None}
        self._settings = combined({}, {}, {"port": 0, "quiet": True, **chosen}, type(self).__name__)
        if self._settings.workers > 1:
            raise BadSetting("workers: here it is one; expected 1, or the command `registry-sandbox serve --workers`")
        self._sleep = sleep
        self._wall = wall
        self._thread: threading.Thread | None = None
        self.base_url = ""

    def start(self) -> Self:
        """Start, and wait until requests are answered.

        Raises:
            Exception: whatever stops a start, such as a port that is taken or a seed that cannot be used.
        """
        if self._thread is not None:
            raise RuntimeError("this sandbox runs already")
        self.sandbox = build(self._settings, sleep=self._sleep, wall=self._wall)
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=[started], name="registry-sandbox", daemon=True)
        self._thread.start()
        try:
            started.result()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop, and wait until everything is closed; a second time does nothing."""
        if self._thread is not None:
            with suppress(RuntimeError):  # the loop is closed already, where the start failed
                self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        """Start, and wait until requests are answered."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and wait until everything is closed."""
        self.stop()

    @property
    def certificates(self) -> Path:
        """The folder of the certificates, under TLS: `ca.pem`, `client.pem`, `client.key` and others."""
        return self.sandbox.certificates

    def _run(self, started: "Future[None]") -> None:
        with asyncio.Runner(loop_factory=loop_factory(secure=self._settings.tls != "off")) as runner:
            runner.run(self._serve(started))

    async def _serve(self, started: "Future[None]") -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.sandbox.start(access_lines=False)
            serving = self.sandbox.serving
            self._connect(serving.fhir_base, Control(serving.control_root, self._settings.control_token, self._trust()))
        except BaseException as error:  # noqa: BLE001 - it is raised where the sandbox was started
            started.set_exception(error)
            return
        started.set_result(None)
        await self._stopping.wait()
        await self.sandbox.stop()

    def _trust(self) -> ssl.SSLContext | None:
        # Under mutual TLS the control plane is plain HTTP, on a port of its own.
        if self._settings.tls != "server":
            return None
        trust = ssl.create_default_context(cafile=self.certificates / "ca.pem")
        if self._settings.tls_fault is not None:  # the kit is no client under test: it must reach the control plane
            trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        return trust


def _plain(value: Any) -> Any:
    """Return a setting as a YAML file would have it."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value
