"""Which event loop the server needs, where the default one of the platform will not do."""

import asyncio
import sys
from collections.abc import Callable


def loop_factory(*, secure: bool) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the loop; None for the platform's default.

    Windows' default loop cannot tell when a socket becomes readable, which a TLS port needs (`tls_port`).
    """
    return asyncio.SelectorEventLoop if secure and sys.platform == "win32" else None
