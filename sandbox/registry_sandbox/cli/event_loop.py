"""The event loop of a served sandbox, from its start to SIGTERM or SIGINT.

Source: operator.md, Start.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Final

from registry_sandbox.app import Sandbox
from registry_sandbox.cli.startup_message import startup_message
from registry_sandbox.runtime.garbage import rare_collections
from registry_sandbox.server.loops import loop_factory

_STOPS: Final = [each for each in signal.Signals if each.name in ("SIGTERM", "SIGINT", "SIGBREAK")]


def run_until_stopped(sandbox: Sandbox) -> None:
    """Run an event loop that serves.

    Raises:
        PortTaken, UnwritableReadyFile: as `Serving.start`.
    """
    with asyncio.Runner(loop_factory=loop_factory(secure=sandbox.settings.tls != "off")) as runner:
        runner.run(serve(sandbox))


async def serve(sandbox: Sandbox) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        PortTaken, UnwritableReadyFile: as `Serving.start`.
    """
    stopping = asyncio.Event()
    _on_signals(asyncio.get_running_loop(), stopping.set)
    await sandbox.start()
    with rare_collections():
        # In a thread: a pipe that nobody reads must not hold up the requests.
        threading.Thread(target=_announce, args=[sandbox], daemon=True).start()
        await stopping.wait()
        await sandbox.stop()


def _on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Call `stop` in the loop on SIGTERM and SIGINT, and on Ctrl-Break where there is one (Windows)."""
    for number in _STOPS:
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows: a handler of Python's own wakes the loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def _announce(sandbox: Sandbox) -> None:
    if not sandbox.settings.quiet:
        # Flushed at once: a program that reads this from a pipe would otherwise wait for it.
        print(startup_message(sandbox, sandbox.serving.fhir_base, sandbox.serving.control_root), flush=True)
