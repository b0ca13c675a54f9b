"""Accepts all connections that are waiting, at once.

uvloop itself accepts only one connection in each turn of its loop. Under load a turn takes long, the kernel's queue
overflows, and a client whose request to connect was dropped tries again only after a second or more.
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

_QUEUE: Final = 1_024
_AT_ONCE: Final = 256
_OUT_OF_DESCRIPTORS_S: Final = 0.1


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
class Acceptor:
    """Accepts connections on bound sockets.

    Attributes:
        begin: is given each accepted connection; it hands it to a protocol, or closes it.
        buffer_bytes: what one read of a connection can bring at most; None for what the system has.
    """

    begin: Callable[[socket.socket], Coroutine[Any, Any, object]]
    buffer_bytes: int | None = None
    _listening: list[socket.socket] = field(default_factory=list)
    _tasks: set["asyncio.Task[object]"] = field(default_factory=set)

    @property
    def under_way(self) -> int:
        """How many were accepted, and are not connections yet."""
        return len(self._tasks)

    def serve(self, bound: Iterable[Bound]) -> None:
        """Accept connections from now on."""
        for each in bound:
            # A second descriptor: the loop does not let others accept on its own.
            listening = socket.fromfd(each.fileno(), each.family, each.type)
            listening.settimeout(0)
            if self.buffer_bytes is not None:  # connections inherit it
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.buffer_bytes)
            listening.listen(_QUEUE)
            self._listening.append(listening)
            self._watch(listening)

    async def close(self) -> None:
        """Stop accepting, and end what has not become a connection yet."""
        for listening in self._listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        self._listening.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _watch(self, listening: socket.socket) -> None:
        if listening in self._listening:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(_AT_ONCE):
            try:
                connection, _ = listening.accept()
            except BlockingIOError:
                return
            except OSError:  # no descriptor is free: wait for one
                loop.remove_reader(listening)
                loop.call_later(_OUT_OF_DESCRIPTORS_S, self._watch, listening)
                return
            connection.settimeout(0)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = loop.create_task(self.begin(connection))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[object]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a client that has hung up already is no news


async def handed_on(make: Callable[[], asyncio.Protocol], connection: socket.socket) -> None:
    """Let a protocol have the connection."""
    await asyncio.get_running_loop().connect_accepted_socket(make, connection)
