"""The bounds of a port: connections, the time for a request to arrive, and the bytes that may arrive at once.

Source: operator.md, `--max-connections`, `--request-timeout`, `--max-body`.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from registry_sandbox.http.errors import ServiceUnavailable

_SWEPT_EVERY_S = 0.5

BODIES_AT_MOST_BYTES = 256 * 1024 * 1024
"""How many bytes all bodies may have that are being received at one time."""


class Open(Protocol):
    """A connection, as the sweep sees it."""

    waiting_since: float | None
    """When an incomplete request began to arrive, on the loop's clock; None if there is none."""

    def time_out(self) -> None:
        """Refuse the incomplete request, and close."""
        ...


@dataclass(slots=True)
class Limits:
    """The bounds of a port, and what is in use.

    Attributes:
        max_connections: further connections are refused with 503 and closed.
        request_timeout_s: the time for the head of a request, and again for its body; then 408.
        max_body: the largest body in bytes, as sent and decompressed; else 413.
    """

    max_connections: int = 10_000
    request_timeout_s: float = 60.0
    max_body: int = 1_048_576
    _open: set[Open] = field(default_factory=set)
    _coming_bytes: int = 0
    _sweep: asyncio.TimerHandle | None = None

    def admit(self, connection: Open) -> bool:
        """Count a connection; return False if there are too many."""
        if len(self._open) >= self.max_connections:
            return False
        self._open.add(connection)
        if self._sweep is None:
            self._schedule()
        return True

    def leave(self, connection: Open) -> None:
        """Stop counting a connection."""
        self._open.discard(connection)

    def _schedule(self) -> None:
        # One timer for all connections: a timer for each request would slow down each request.
        every_s = min(_SWEPT_EVERY_S, self.request_timeout_s / 2)
        self._sweep = asyncio.get_running_loop().call_later(every_s, self._time_out_the_late)

    def _time_out_the_late(self) -> None:
        self._sweep = None
        latest = asyncio.get_running_loop().time() - self.request_timeout_s
        for each in [each for each in self._open if each.waiting_since is not None and each.waiting_since < latest]:
            each.time_out()
        if self._open:
            self._schedule()

    @contextmanager
    def receiving(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that counts the bytes of a body: call it with the length of each part.

        Raises:
            ServiceUnavailable: too much is arriving at once; the function raises it.
        """
        mine = 0

        def count(size: int) -> None:
            nonlocal mine
            if self._coming_bytes + size > BODIES_AT_MOST_BYTES:
                raise ServiceUnavailable("The sandbox is receiving as many large bodies as it takes. Try again later.")
            mine += size
            self._coming_bytes += size

        try:
            yield count
        finally:
            self._coming_bytes -= mine
