"""The event loop that the server runs on, wherever it is started from: what tests run on is what users run on."""

import asyncio
import sys
from collections.abc import Callable


def loop_factory(*, secure: bool) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the loop; None for the platform's default.

    uvloop is not for Windows. Windows' default loop cannot tell when a socket becomes readable, which a TLS port needs
    (`tls_port`).
    """
    if sys.platform == "win32":
        return asyncio.SelectorEventLoop if secure else None
    import uvloop

    return uvloop.new_event_loop
