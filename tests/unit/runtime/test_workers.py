"""The workers: what takes long is done in threads, few of them, and no more is promised than can be done."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import count

import pytest

from registry_sandbox.runtime.workers import SLICE_S, Workers, WorkersBusy

LONG_S = 20
"""As long as a test waits for what it expects at once."""


class Gate:
    """Work that waits until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()

    def pass_through(self, value: str) -> str:
        """Return the value, once the gate is open."""
        self.begun.set()
        assert self.open.wait(LONG_S)
        return value


def run(talk: Callable[[], Awaitable[None]]) -> None:
    """Run a test on a loop of its own, and not without end."""

    async def bounded() -> None:
        await asyncio.wait_for(talk(), LONG_S)

    asyncio.run(bounded())


async def begun(gate: Gate) -> None:
    """Wait until a thread stands at the gate."""
    assert await asyncio.to_thread(gate.begun.wait, LONG_S)


def names() -> list[str]:
    """The threads of workers that there are."""
    return [each.name for each in threading.enumerate() if each.name.startswith("worker-")]


def test_work_is_done_in_another_thread() -> None:
    """Its result comes back to whoever waits; arguments are handed on."""

    async def talk() -> None:
        workers = Workers()
        assert (await workers.run(threading.current_thread)).name.startswith("worker-")
        assert await workers.run(int, "11", base=2) == 3

    run(talk)


def test_no_thread_is_started_before_there_is_work() -> None:
    """And no more of them than was said, however much there is."""
    before = len(names())

    async def talk() -> None:
        workers = Workers(threads=2)
        assert len(names()) == before
        await asyncio.gather(*(workers.run(str, each) for each in range(20)))
        assert len(names()) == before + 2

    run(talk)


def test_no_worker_keeps_python_from_its_end() -> None:
    """A job that never comes to an end would."""

    async def talk() -> None:
        assert (await Workers().run(threading.current_thread)).daemon

    run(talk)


def test_what_work_raises_is_raised_where_it_is_waited_for() -> None:
    """And the thread goes on to the next."""

    async def talk() -> None:
        workers = Workers(threads=1)
        with pytest.raises(ValueError, match="invalid literal"):
            await workers.run(int, "x")
        assert await workers.run(int, "1") == 1

    run(talk)


def test_a_full_queue_takes_no_more_until_there_is_room() -> None:
    """One is at work, one waits, the third is told how many do."""

    async def talk() -> None:
        workers, gate = Workers(threads=1, waiting=1), Gate()
        first = asyncio.create_task(workers.run(gate.pass_through, "first"))
        await begun(gate)
        second = asyncio.create_task(workers.run(gate.pass_through, "second"))
        await asyncio.sleep(0)
        with pytest.raises(WorkersBusy, match=r"^1 jobs are waiting$"):
            await workers.run(str, "third")
        gate.open.set()
        assert [await first, await second] == ["first", "second"]
        assert await workers.run(str, "fourth") == "fourth"

    run(talk)


def test_a_job_that_nobody_waits_for_any_more_is_not_done() -> None:
    """Its client has hung up before its turn came."""
    done: list[str] = []

    async def talk() -> None:
        workers, gate = Workers(threads=1), Gate()
        first = asyncio.create_task(workers.run(gate.pass_through, "first"))
        await begun(gate)
        dropped, kept = (asyncio.create_task(workers.run(done.append, each)) for each in ("dropped", "kept"))
        await asyncio.sleep(0)
        dropped.cancel()
        await asyncio.wait([dropped])
        gate.open.set()
        await first
        await kept

    run(talk)
    assert done == ["kept"]


def test_a_job_that_is_given_up_while_it_is_done_does_no_harm() -> None:
    """Its result goes nowhere, and the loop is told of no failure."""
    failures: list[object] = []

    async def talk() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, failure: failures.append(failure))
        workers, gate = Workers(threads=1), Gate()
        given_up = asyncio.create_task(workers.run(gate.pass_through, "x"))
        await begun(gate)
        given_up.cancel()
        await asyncio.wait([given_up])
        gate.open.set()
        assert await workers.run(str, "next") == "next"

    run(talk)
    assert failures == []


def at_the_gate(gate: Gate, items: Iterable[str], made: list[str]) -> Iterator[str]:
    """Make items at a gate, and note each."""
    for each in items:
        made.append(gate.pass_through(each))
        yield each


class TestCollect:
    """What has many parts is made in the threads, a slice at a time."""

    def test_items_come_in_their_order_from_other_threads(self) -> None:
        """However many slices there are."""

        async def talk() -> None:
            clock = count()
            workers = Workers(monotonic=lambda: next(clock) * SLICE_S)  # each item takes a slice
            assert await workers.collect(range(5)) == [0, 1, 2, 3, 4]
            (name,) = await workers.collect(threading.current_thread().name for _ in range(1))
            assert name.startswith("worker-")

        run(talk)

    def test_others_have_the_thread_between_two_slices(self) -> None:
        """A short job does not wait for the end of a long one."""
        done: list[str] = []

        async def talk() -> None:
            clock, gate = count(), Gate()
            workers = Workers(threads=1, monotonic=lambda: next(clock) * SLICE_S)
            long = asyncio.create_task(workers.collect(at_the_gate(gate, ("first", "second", "third"), done)))
            await begun(gate)
            short = asyncio.create_task(workers.run(done.append, "short"))
            await asyncio.sleep(0)
            gate.open.set()
            await asyncio.gather(long, short)

        run(talk)
        assert done == ["first", "short", "second", "third"]

    def test_one_that_is_given_up_ends_after_its_slice(self) -> None:
        """Nothing more is made."""
        made: list[str] = []

        async def talk() -> None:
            clock, gate = count(), Gate()
            workers = Workers(threads=1, monotonic=lambda: next(clock) * SLICE_S)
            long = asyncio.create_task(workers.collect(at_the_gate(gate, "ab", made)))
            await begun(gate)
            long.cancel()
            await asyncio.wait([long])
            gate.open.set()
            await workers.run(str, "next")

        run(talk)
        assert made == ["a"]

    def test_what_an_item_raises_is_raised_where_it_is_waited_for(self) -> None:
        """As with a single job."""

        def items() -> Iterator[int]:
            yield 1
            raise ValueError("no more")

        async def talk() -> None:
            with pytest.raises(ValueError, match="no more"):
                await Workers().collect(items())

        run(talk)
