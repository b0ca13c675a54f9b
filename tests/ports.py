"""Ports for the servers that tests start."""

import socket
import sys
from typing import Final

HOST: Final = "127.0.0.1"

_kept: list[socket.socket] = []


def free_port() -> int:
    """Return a free port of this machine.

    On Linux nobody else gets it until this process ends: a socket that does not listen keeps it. A server can listen
    there all the same, and again after a restart, since it sets SO_REUSEADDR.
    """
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, 0))
    port: int = made.getsockname()[1]
    if sys.platform == "linux":
        _kept.append(made)
    else:
        made.close()
    return port
