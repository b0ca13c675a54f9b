"""Exchanges that are begun outside a task: most end at once, and what has to wait goes on in one."""

from collections.abc import Awaitable, Generator
from typing import Any

from sandbox.exchange import Response

Steps = Generator[Any, Any, Response]


def begun(exchange: Awaitable[Response]) -> Response | Awaitable[Response]:
    """Go as far as can be gone without waiting: give the answer, or what is left to be awaited, once."""
    steps: Steps = exchange.__await__()
    try:
        waits_for = next(steps)
    except StopIteration as end:
        answer: Response = end.value
        return answer
    except Exception as error:  # noqa: BLE001 - whoever awaits the rest deals with it
        return _failed(error)
    return _Rest(steps, waits_for)


async def _failed(error: Exception) -> Response:
    raise error


class _Rest(Steps):
    """What is left of an exchange, beginning with what it waits for."""

    def __init__(self, steps: Steps, waits_for: object) -> None:
        self._steps = steps
        self._first = [waits_for]

    def __await__(self) -> Steps:
        return self

    def send(self, value: Any) -> Any:
        """Go on to what is waited for next."""
        return self._first.pop() if self._first else self._steps.send(value)

    def throw(self, *error: Any) -> Any:
        """Break off where it waits: its task is cancelled."""
        self._first.clear()
        return self._steps.throw(*error)
