"""A sandbox that runs in a thread of this process, for tests.

with RegistrySandbox(port=0) as sandbox:
    httpx.get(f"{sandbox.base_url}/metadata")
"""

import asyncio
import threading
from types import TracebackType
from typing import Any, Self

from sandbox.app import build
from sandbox.faults.effect import Sleep
from sandbox.serving import Serving
from sandbox.settings import Settings


class RegistrySandbox:
    """A real server on a free port, from `with` to its end.

    Args:
        sleep: how injected delays wait.
        settings: fields of `Settings`; the port is a free one unless it is named.

    Attributes:
        base_url: the FHIR base, such as `http://127.0.0.1:49152/STU3`.
        control_url: the control plane's root.
        sandbox: the parts themselves, for tests that look behind the interface.
    """

    def __init__(self, *, sleep: Sleep = asyncio.sleep, **settings: Any) -> None:
        self._sleep = sleep
        self._settings = Settings(**{"port": 0, "quiet": True, **settings})
        self._thread = threading.Thread(target=self._run, name="registry-sandbox", daemon=True)
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self.base_url = ""
        self.control_url = ""

    def __enter__(self) -> Self:
        """Start, and wait until requests are answered."""
        self.sandbox = build(self._settings, sleep=self._sleep)
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and wait until everything is closed."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        serving = Serving(self.sandbox)
        try:
            await serving.start()
        except BaseException as error:  # noqa: BLE001 - it is raised where the sandbox was started
            self._failure = error
            return
        else:
            self.base_url, self.control_url = serving.fhir_base, serving.control_root
        finally:
            self._started.set()
        await self._stopping.wait()
        await serving.stop()
