"""Threads for work that would block the event loop: few, with a bounded queue.

They are daemon threads, so they never delay the exit. asyncio's own executor has an unbounded queue, and Python waits
for its threads before it exits.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import Full, Queue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]

THREADS = 2
"""More would not be faster: the work is Python code, and one thread at a time runs it."""

WAITING_AT_MOST = 64
"""How many jobs may wait. A job takes a second at worst, so nobody waits longer than a client would."""


class WorkersBusy(Exception):
    """The queue is full; try again later."""


class Workers:
    """A few daemon threads, started with the first job.

    Args:
        threads: how many.
        waiting: how many jobs may wait.
    """

    def __init__(self, threads: int = THREADS, waiting: int = WAITING_AT_MOST) -> None:
        self._threads = threads
        self._queue: Queue[_Job] = Queue(waiting)
        self._started = False

    async def run(self, work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """Return what `work` returns, called in one of the threads.

        Raises:
            WorkersBusy: the queue is full.
            Exception: what `work` raises.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        try:
            self._queue.put_nowait((loop, future, lambda: work(*arguments, **named)))
        except Full:
            raise WorkersBusy(f"{self._queue.maxsize} jobs are waiting") from None
        if not self._started:
            self._started = True
            for number in range(self._threads):
                threading.Thread(target=self._work, name=f"worker-{number}", daemon=True).start()
        return await future

    def _work(self) -> None:
        while True:
            loop, future, job = self._queue.get()
            if future.cancelled():  # nobody waits for the result any more
                continue
            try:
                done = (future.set_result, job())
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                done = (future.set_exception, error)
            try:
                loop.call_soon_threadsafe(_settle, future, *done)
            except RuntimeError:  # the loop is closed: the sandbox has stopped
                return


def _settle(future: "asyncio.Future[Any]", settle: Callable[[Any], None], with_what: Any) -> None:
    if not future.done():
        settle(with_what)
