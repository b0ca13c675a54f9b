"""Sockets that listen, for processes that share a port; and why an address cannot be listened on."""

import errno
import os
import socket

EVERY_ADDRESS = "::"
"""One socket for IPv4 and IPv6: otherwise it would be IPv6 alone."""

BACKLOG = 1024


class PortTaken(Exception):
    """The sandbox cannot listen on the address; the message names it and says why."""


def bound_socket(host: str, number: int, *, shared: bool = False) -> socket.socket:
    """Return a socket that listens on an address; `shared` lets others listen on it as well.

    Raises:
        PortTaken: it cannot be listened on.
    """
    every = host == EVERY_ADDRESS
    try:
        family = socket.AF_INET6 if every else socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server(
            (host, number), family=family, dualstack_ipv6=every, backlog=BACKLOG, reuse_port=shared
        )
    except OSError as error:
        raise port_taken(error, host, number) from error


def bound_sockets(host: str, number: int, many: int) -> list[socket.socket]:
    """Return sockets that listen on one address; the kernel gives each its share of the connections.

    Raises:
        PortTaken: it cannot be listened on.
    """
    if number:
        bound_socket(host, number).close()  # those that share it would not notice who else does
    first = bound_socket(host, number, shared=True)
    taken = first.getsockname()[1]
    return [first, *(bound_socket(host, taken, shared=True) for _ in range(many - 1))]


def port_taken(error: OSError, host: str, number: int) -> PortTaken:
    """Return what to say when an address cannot be listened on."""
    return PortTaken(f"cannot listen on {host}:{number}: {_why(error, host)}")


def _why(error: OSError, host: str) -> str:
    if isinstance(error, socket.gaierror):
        return f"--host {host} is not a known host name or address"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host} is not an address of this machine"
    return f"{os.strerror(error.errno) if error.errno else error}; --port 0 takes a free one"
