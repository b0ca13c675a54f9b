"""The event loop of the server. The command and the test kit use the same one, so tests find what users would."""

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
