"""Answers that wait for the end of the loop's round, to be sent together.

Under load a round of the loop brings requests on many connections. To send an answer is a call of the system, after
which the processor has to find its way into our code again: a request that is judged right behind another one takes
two thirds of the time that it takes behind a sending. Nobody waits longer than the round lasts.
"""

import asyncio

_MOST = 32
"""So many answers wait at most: the first is not to wait for all of a busy round."""


class Outbox:
    """The answers of one round.

    Args:
        loop: whose rounds these are.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[asyncio.WriteTransport, bytes]] = []

    def put(self, transport: asyncio.WriteTransport, octets: bytes) -> None:
        """Send an answer with the others of this round."""
        waiting = self._waiting
        if not waiting:
            self._loop.call_soon(self.send)  # before anything that comes in the next round
        waiting.append((transport, octets))
        if len(waiting) >= _MOST:
            self.send()

    def send(self) -> None:
        """Send all that waits, in its order."""
        waiting, self._waiting = self._waiting, []
        for transport, octets in waiting:
            if not transport.is_closing():
                transport.write(octets)
