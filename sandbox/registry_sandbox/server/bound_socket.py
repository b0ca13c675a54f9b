"""A listening socket that several processes accept connections from, and why an address cannot be listened on."""

import errno
import os
import socket

EVERY_ADDRESS = "::"
"""One socket for IPv4 and IPv6: otherwise it would be IPv6 alone."""

BACKLOG = 1024


class PortTaken(Exception):
    """The sandbox cannot listen on the address; the message names it and says why."""


def bound_socket(host: str, number: int) -> socket.socket:
    """Return a socket that listens on an address.

    Raises:
        PortTaken: it cannot be listened on.
    """
    try:
        if host == EVERY_ADDRESS:
            return socket.create_server((host, number), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG)
        family = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, number), family=family, backlog=BACKLOG)
    except OSError as error:
        raise port_taken(error, host, number) from error


def port_taken(error: OSError, host: str, number: int) -> PortTaken:
    """Return what to say when an address cannot be listened on."""
    return PortTaken(f"cannot listen on {host}:{number}: {_why(error, host)}")


def _why(error: OSError, host: str) -> str:
    if isinstance(error, socket.gaierror):
        return f"--host {host} is not a known host name or address"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host} is not an address of this machine"
    return f"{os.strerror(error.errno) if error.errno else error}; --port 0 takes a free one"
