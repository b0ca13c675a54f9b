"""The exchanges of one workspace that have to wait: for their body, a fault, a thread or a slow reader.

Most exchanges wait for nothing and never come here. The others are registered with the task that answers them, so that
the journal can show them at once and a reset can end them.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response


@dataclass(slots=True, eq=False)
class UnderWay:
    """An exchange that waits.

    Attributes:
        number: counts from 1.
        at_s: when it began on the sandbox's clock, in seconds since the epoch.
        wall_s: when it began on the machine's clock.
        started_s: when it began on the monotonic clock.
        request: as it came so far.
        task: what answers it; None outside an event loop's task.
        response: once it is made, and still being sent.
        answered_s: when it was made, on the monotonic clock.
        reserved: whether its number is one that others know too.
        before_its_turn: whether it is to be performed after whatever happens now, so that a reset need not end it.
    """

    number: int
    at_s: float
    wall_s: float
    started_s: float
    request: Request
    task: asyncio.Task[object] | None
    response: Response | None = None
    answered_s: float | None = None
    reserved: bool = False
    before_its_turn: bool = False

    @property
    def first_byte_s(self) -> float | None:
        """The seconds to the first byte of the answer: where a fault delivers it, it knows; else it is at once."""
        if self.response is None or self.answered_s is None:
            return None
        sent = self.response.sent
        first_s = self.answered_s if sent is None else sent.first_byte_s
        return None if first_s is None else first_s - self.started_s


class Register:
    """The exchanges under way.

    Args:
        on_end: told of each whose task has ended.
    """

    def __init__(self, on_end: Callable[[UnderWay], None]) -> None:
        self._on_end = on_end
        self._of_task: dict[asyncio.Task[object], UnderWay] = {}

    def __iter__(self) -> Iterator[UnderWay]:
        """Iterate over a copy, in the order in which they began."""
        return iter(list(self._of_task.values()))

    def __len__(self) -> int:
        return len(self._of_task)

    def add(self, exchange: UnderWay) -> None:
        """Register an exchange until its task ends or it is removed."""
        if exchange.task is not None:
            self._of_task[exchange.task] = exchange
            exchange.task.add_done_callback(self._ended)

    def remove(self, exchange: UnderWay) -> bool:
        """Remove an exchange; False if it is not there, because it was ended."""
        if exchange.task is None or self._of_task.get(exchange.task) is not exchange:
            return False
        del self._of_task[exchange.task]
        exchange.task.remove_done_callback(self._ended)
        return True

    def end_all(self, *, before_their_turn: bool = True) -> None:
        """Cancel every exchange under way and forget it; those before their turn only if that is said.

        A cancelled task makes no further step, so nothing that it was about to do happens: it writes nothing, and the
        server closes its connection. The result of work in a thread is dropped.
        """
        for exchange in self:
            if exchange.before_its_turn and not before_their_turn:
                continue
            if self.remove(exchange) and exchange.task is not None:
                exchange.task.cancel()

    def _ended(self, task: asyncio.Task[object]) -> None:
        exchange = self._of_task.pop(task, None)
        if exchange is not None:
            self._on_end(exchange)
