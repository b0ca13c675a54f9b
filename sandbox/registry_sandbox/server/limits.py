"""The bounds of a port: how many connections, how long a request may take to come, how much may be coming at once.

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
"""Of all bodies that are being received at one time."""


class Open(Protocol):
    """A connection, as the sweep sees it."""

    waiting_since: float | None
    """When the first bytes came of a request that is not whole yet, on the loop's clock; None where there are none."""

    def time_out(self) -> None:
        """Refuse the request that does not come, and close."""
        ...


@dataclass(slots=True)
class Limits:
    """The bounds of a port, and what counts against them.

    Attributes:
        max_connections: more are refused with 503 and closed.
        request_timeout_s: in which the head of a request has to come, and again its body; else 408.
        max_body: bytes of a body, as sent and inflated; a larger one is refused with 413.
    """

    max_connections: int = 10_000
    request_timeout_s: float = 60.0
    max_body: int = 1_048_576
    _open: set[Open] = field(default_factory=set)
    _coming_bytes: int = 0
    _sweep: asyncio.TimerHandle | None = None

    def admit(self, connection: Open) -> bool:
        """Count a connection in; False if there are too many."""
        if len(self._open) >= self.max_connections:
            return False
        self._open.add(connection)
        if self._sweep is None:
            self._schedule()
        return True

    def leave(self, connection: Open) -> None:
        """Count a connection out."""
        self._open.discard(connection)

    def _schedule(self) -> None:
        # One timer for all connections: one for each request would cost each request something.
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
        """Count the bytes of a body that is coming: call what is given with each part's length.

        Raises:
            ServiceUnavailable: too much is coming at once; raised by the call.
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
