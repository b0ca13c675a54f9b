"""How long a request waits for the store: for one turn of its replica, and then for what it proposes."""

import asyncio
from contextvars import ContextVar
from typing import Any, Final

from registry_sandbox.replication.store import StoreAway

PATIENCE_S: Final = 1.8
"""For all that a request reads of the log and appends to it: so its 503 comes within two seconds."""

READ_BACK_S: Final = 0.3
"""So long before its patience is over a proposal has to be in the log: there has to be time to find it there."""

_waited_s: ContextVar[float] = ContextVar("waited_s", default=0.0)


class Turn:
    """What several wait for together.

    Args:
        asked_s: since when, on the monotonic clock.
        patience_s: how long they wait; None: as long as it takes.

    Attributes:
        over: its end.
    """

    def __init__(self, asked_s: float, patience_s: float | None = PATIENCE_S) -> None:
        loop = asyncio.get_running_loop()
        self.asked_s = asked_s
        self.over: asyncio.Future[None] = loop.create_future()
        self.over.add_done_callback(note_failure)
        self._patience = None if patience_s is None else loop.call_later(patience_s, self._end_late)

    def end(self, error: Exception | None = None) -> None:
        """Tell those who wait."""
        if self._patience is not None:
            self._patience.cancel()
        if self.over.done():
            return
        if error is None:
            self.over.set_result(None)
        else:
            self.over.set_exception(error)

    def _end_late(self) -> None:
        self.end(StoreAway(f"no answer within {PATIENCE_S:g} s"))


def begin_patience(waited_s: float = 0.0) -> None:
    """Start counting how long a request waits for the store; `waited_s` is what its turn took.

    Work that no client waits for starts anew, because it inherits what the request had used up that it began in.
    """
    _waited_s.set(waited_s)


def note_proposed(lasted_s: float) -> None:
    """Note how long a proposal of that request took."""
    _waited_s.set(_waited_s.get() + lasted_s)


def patience_left() -> float:
    """Return how long that request may still wait for the store. What a fault keeps it waiting does not count."""
    return PATIENCE_S - _waited_s.get()


def note_failure(ended: "asyncio.Future[Any]") -> None:
    """Read the exception of what nobody may wait for any more: asyncio logs one that nobody has read."""
    if not ended.cancelled():
        ended.exception()
