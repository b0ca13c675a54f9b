"""A TLS port that looks at the first byte of a connection before TLS begins, to refuse plain HTTP at once.

The loop's own TLS would wait for the handshake of a client that speaks plain HTTP, and keep what it sends.

Source: RFC 8446 section 5.1 (a handshake record begins with 0x16).
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from ssl import SSLContext, SSLError
from typing import Any, Protocol

_HANDSHAKE = 0x16
_HANDSHAKE_S = 10.0
_HANDSHAKE_BUFFER_BYTES = 16_384  # Linux reserves twice as much, for its own bookkeeping too
_BUFFER_BYTES = 1_048_576
_OUT_OF_DESCRIPTORS_S = 0.1


class Bound(Protocol):
    """A bound socket, as a loop's server shows it."""

    @property
    def family(self) -> int:
        """The family of its address."""
        ...

    @property
    def type(self) -> int:
        """How it sends: as a stream."""
        ...

    def fileno(self) -> int:
        """Return its descriptor."""
        ...


@dataclass(slots=True)
class TlsPort:
    """Accepts connections, and passes on those whose handshake succeeds.

    Attributes:
        context: the server's TLS context.
        make: makes the protocol of a connection.
        refusal: makes the answer to a client that speaks plain HTTP.
    """

    context: SSLContext
    make: Callable[[], asyncio.Protocol]
    refusal: Callable[[], bytes]
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def serve(self, bound: Iterable["Bound"]) -> None:
        """Accept connections on bound sockets."""
        for each in bound:
            # A second descriptor: the loop does not let others accept on its own.
            listening = socket.fromfd(each.fileno(), each.family, each.type)
            listening.settimeout(0)
            # Connections inherit it: what nobody has read yet, and so what one read can bring, is bounded by it.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _HANDSHAKE_BUFFER_BYTES)
            listening.listen(1024)
            self._spawn(self._accept(listening))

    async def close(self) -> None:
        """Stop accepting, and end the handshakes under way."""
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listening:
            while True:
                try:
                    connection, _ = await loop.sock_accept(listening)
                except OSError:  # no descriptor is free: wait for one
                    await asyncio.sleep(_OUT_OF_DESCRIPTORS_S)
                    continue
                connection.settimeout(0)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._spawn(self._begin(connection))

    async def _begin(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        handed_on = False
        try:
            async with asyncio.timeout(_HANDSHAKE_S):
                first = await _first_byte(connection)
                if first == _HANDSHAKE:
                    handed_on = True
                    # A failure needs no answer: an alert has told the client.
                    await self.shake_hands(connection, self.context)
                elif first is not None:
                    await loop.sock_sendall(connection, self.refusal())
                    connection.shutdown(socket.SHUT_WR)
        except (SSLError, OSError, TimeoutError):
            pass
        finally:
            if not handed_on:
                connection.close()

    async def shake_hands(self, connection: socket.socket, context: SSLContext) -> None:
        """Let the loop do the handshake, and hand on the connection if it succeeds.

        Raises:
            SSLError, OSError: it failed; the connection is closed.
        """
        transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
            self.make, connection, ssl=context, ssl_handshake_timeout=_HANDSHAKE_S
        )
        established = transport.get_extra_info("socket")
        if established is not None:  # else it is closed already
            established.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)


async def _first_byte(connection: socket.socket) -> int | None:
    """Return the first byte without consuming it; None if the client hung up."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    with suppress(BlockingIOError):
        first = connection.recv(1, socket.MSG_PEEK)
        return first[0] if first else None
    return None
