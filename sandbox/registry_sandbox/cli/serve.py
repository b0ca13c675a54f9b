"""`serve`: runs a sandbox until it is told to stop.

Source: operator.md, Start.
"""

import asyncio
import gc
import signal
import sys
import threading
from contextlib import suppress

from registry_sandbox.app import Sandbox
from registry_sandbox.cli.startup_message import startup_message

_COLLECTED_AFTER = 20_000


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
    await sandbox.start()
    # What was made for the start stays for good: the collector need not look through it again and again.
    gc.freeze()
    # What exchanges leave in the journal is no garbage: looking through it after every 700 objects finds nothing.
    gc.set_threshold(_COLLECTED_AFTER)
    gc.enable()
    # Beside the loop, so that the first requests need not wait for the making of keys.
    threading.Thread(target=_announce, args=[sandbox], daemon=True).start()
    await stopping.wait()
    await sandbox.stop()


def _announce(sandbox: Sandbox) -> None:
    """Print the startup message, unless it is not wanted; making the token in it warms the keys up."""
    if not sandbox.settings.quiet:
        # Flushed, or a reader of the pipe would wait for ever for what Python keeps back.
        print(startup_message(sandbox, sandbox.serving.fhir_base, sandbox.serving.control_root), flush=True)


def run(sandbox: Sandbox) -> None:
    """Run an event loop that serves, uvloop's where there is one."""
    if sys.platform == "win32":
        asyncio.run(serve(sandbox))
        return
    import uvloop

    uvloop.run(serve(sandbox))
