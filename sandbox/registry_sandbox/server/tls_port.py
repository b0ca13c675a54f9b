"""A TLS port that looks at the first byte of a connection before TLS begins, to refuse plain HTTP at once.

The loop's own TLS would wait for the handshake of a client that speaks plain HTTP, and keep what it sends.

Source: RFC 8446 section 5.1 (a handshake record begins with 0x16).
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from ssl import SSLContext, SSLError

from registry_sandbox.server.acceptor import Acceptor, Bound

_HANDSHAKE = 0x16
_HANDSHAKE_S = 10.0
_HANDSHAKE_BUFFER_BYTES = 16_384  # Linux reserves twice as much, for its own bookkeeping too
_BUFFER_BYTES = 1_048_576


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
    _acceptor: Acceptor = field(init=False)

    def __post_init__(self) -> None:
        """Prepare to accept connections: what nobody has read yet, and so what one read can bring, is bounded."""
        self._acceptor = Acceptor(self._begin, _HANDSHAKE_BUFFER_BYTES)

    @property
    def under_way(self) -> int:
        """How many handshakes have not ended."""
        return self._acceptor.under_way

    def serve(self, bound: Iterable[Bound]) -> None:
        """Accept connections on bound sockets."""
        self._acceptor.serve(bound)

    async def close(self) -> None:
        """Stop accepting, and end the handshakes under way."""
        await self._acceptor.close()

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
