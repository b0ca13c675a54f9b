"""Threads for work that would block the event loop: few, with a bounded queue.

They are daemon threads, so they never delay the exit. asyncio's own executor has an unbounded queue, and Python waits
for its threads before it exits.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from queue import Full, Queue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]

THREADS = 2
"""More would not be faster: the work is Python code, and one thread at a time runs it."""

WAITING_AT_MOST = 64
"""How many jobs may wait. A job takes a second at worst, so nobody waits longer than a client would."""

SLICE_S = 0.02
"""How long a thread makes items for one caller of `collect` before others have their turn."""


class WorkersBusy(Exception):
    """The queue is full; try again later."""


class Workers:
    """A few daemon threads, started with the first job.

    Args:
        threads: how many.
        waiting: how many jobs may wait.
        monotonic: the machine's monotonic clock, in seconds.
    """

    def __init__(
        self,
        threads: int = THREADS,
        waiting: int = WAITING_AT_MOST,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threads = threads
        self._monotonic = monotonic
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

    async def collect(self, items: Iterable[T]) -> list[T]:
        """Return the items of an iterable, which are made in the threads, a slice at a time.

        So thousands of items do not keep a thread from others. A caller that is cancelled ends the work after a slice.

        Raises:
            WorkersBusy: the queue is full.
            Exception: what the iterable raises.
        """
        collected: list[T] = []
        making = iter(items)
        while await self.run(self._is_unfinished, making, collected):
            pass
        return collected

    def _is_unfinished(self, making: Iterator[T], collected: list[T]) -> bool:
        """Collect items for one slice; return False at the end."""
        until_s = self._monotonic() + SLICE_S
        for each in making:
            collected.append(each)
            if self._monotonic() >= until_s:
                return True
        return False

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
