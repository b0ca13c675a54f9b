"""Rounds of the loop: what came in one is dealt with in one go, and what is answered is sent in one go behind it.

Under load a round of the loop brings data on many connections. Each receiving and each sending is a call of the system,
after which the processor has to find its way into our code again: a request that is judged right behind another one
takes two thirds of the time that it takes behind a call of the system. Nobody waits longer than his round lasts.
"""

import asyncio
from collections.abc import Callable

_MOST = 32
"""So many answers wait at most: the first is not to wait for all of a busy round."""


class Rounds:
    """What came, and what is to go, in this round.

    Args:
        loop: whose rounds these are.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._came: list[tuple[Callable[[bytes], None], bytes]] = []
        self._going: list[tuple[asyncio.WriteTransport, bytes]] = []

    def came(self, deal_with: Callable[[bytes], None], data: bytes) -> None:
        """Let something be dealt with, behind what came before it; to fail is not for whoever deals with it."""
        if not self._came:
            self._loop.call_soon(self._deal)
        self._came.append((deal_with, data))

    def send(self, transport: asyncio.WriteTransport, octets: bytes) -> None:
        """Send something, while dealing with what came, and behind what was sent before it."""
        self._going.append((transport, octets))
        if len(self._going) >= _MOST:
            self._send()

    def _deal(self) -> None:
        came, self._came = self._came, []
        for deal_with, data in came:
            deal_with(data)
        self._send()

    def _send(self) -> None:
        going, self._going = self._going, []
        for transport, octets in going:
            if not transport.is_closing():
                transport.write(octets)
