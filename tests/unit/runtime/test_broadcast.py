"""Events for several readers: bounded, resumable, ended together."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

from registry_sandbox.runtime.broadcast import KEPT, QUEUED_AT_MOST, Broadcast, Event

Following = AsyncGenerator[Event, None]


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test in a loop that does not wait for long."""
    asyncio.run(asyncio.wait_for(test, 10))


async def started(broadcast: Broadcast, after: int | None = None) -> tuple[Following, "asyncio.Task[Event | None]"]:
    """Begin to follow, and wait for the first event."""
    following = broadcast.follow(after)

    async def first() -> Event | None:
        return await anext(following, None)

    coming = asyncio.create_task(first())
    await asyncio.sleep(0)
    return following, coming


async def numbers(following: Following, count: int) -> list[int]:
    """Read so many events."""
    return [(await anext(following)).number for _ in range(count)]


def test_every_reader_sees_every_event_in_order() -> None:
    """From the moment at which it began to follow."""

    async def test() -> None:
        broadcast = Broadcast()
        one, first = await started(broadcast)
        broadcast.publish("a", "{}")
        other, second = await started(broadcast)
        broadcast.publish("b", "{}")
        assert await first == Event(1, "a", "{}")
        assert await second == Event(2, "b", "{}")
        assert await numbers(one, 1) == [2]
        await one.aclose()
        await other.aclose()

    run(test())


def test_nothing_is_made_while_nobody_follows() -> None:
    """Whoever makes events is told when it begins and when it ends."""

    async def test() -> None:
        broadcast = Broadcast()
        told: list[bool] = []
        broadcast.on_watched = told.append
        broadcast.publish("a", "{}")
        assert not broadcast.watched
        following, first = await started(broadcast, 0)
        assert (broadcast.watched, told) == (True, [True])
        broadcast.publish("b", "{}")
        event = await first
        assert event is not None
        assert (event.number, event.kind) == (1, "b")
        await following.aclose()

    run(test())


def test_a_reader_that_comes_back_finds_what_it_missed() -> None:
    """By the number of the last event that it saw."""

    async def test() -> None:
        broadcast = Broadcast()
        following, first = await started(broadcast)
        for _ in range(5):
            broadcast.publish("a", "{}")
        await first
        await following.aclose()
        broadcast.publish("a", "{}")
        again = broadcast.follow(3)
        assert await numbers(again, 3) == [4, 5, 6]
        broadcast.publish("a", "{}")
        assert await numbers(again, 1) == [7]
        await again.aclose()

    run(test())


def test_what_is_not_kept_any_more_is_told() -> None:
    """Also a number that there never was: the sandbox is another one."""

    async def test() -> None:
        broadcast = Broadcast()
        following, first = await started(broadcast)
        for _ in range(KEPT - 1):
            broadcast.publish("a", "{}")
        await first
        for _ in range(2):
            await anext(following)
            broadcast.publish("a", "{}")
        for after, missed in ((0, True), (1, False), (KEPT + 50, True), (KEPT + 1, False)):
            again, begun = await started(broadcast, after)
            if after == KEPT + 1:  # it has missed nothing, so there is nothing yet
                broadcast.publish("b", "{}")
            event = await begun
            assert event is not None
            assert (event.kind == "missed") == missed, after
            await again.aclose()
        await following.aclose()

    run(test())


def test_a_slow_reader_is_dropped_with_a_marker() -> None:
    """The others go on."""

    async def test() -> None:
        broadcast = Broadcast()
        slow, first = await started(broadcast)
        broadcast.publish("a", "{}")
        await first
        quick, second = await started(broadcast)
        broadcast.publish("b", "{}")
        assert await second == Event(2, "b", "{}")
        for number in range(3, QUEUED_AT_MOST + 3):
            broadcast.publish("b", "{}")
            assert await numbers(quick, 1) == [number]
        broadcast.publish("after it was dropped", "{}")
        last = [event async for event in slow]
        assert [(event.number, event.kind) for event in last] == [(0, "dropped")]
        assert f'"events": {QUEUED_AT_MOST + 1}' in last[0].data
        await quick.aclose()

    run(test())


def test_all_end_at_once() -> None:
    """Those that wait, and those that come later."""

    async def test() -> None:
        broadcast = Broadcast()
        waiting, first = await started(broadcast)
        broadcast.close()
        assert await first is None
        assert [event async for event in broadcast.follow()] == []
        await waiting.aclose()

    run(test())


def test_it_forgets_after_a_while() -> None:
    """A while after the last reader has left nothing is kept any more, and nothing is made."""

    async def test() -> None:
        broadcast = Broadcast(linger_s=0.0)
        forgotten: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        following, first = await started(broadcast)
        broadcast.publish("a", "{}")
        await first
        broadcast.on_watched = forgotten.set_result
        await following.aclose()
        assert await forgotten is False
        broadcast.on_watched = lambda _: None
        again, begun = await started(broadcast, 0)
        assert await begun == Event(0, "missed", '{"after": 0}')
        await again.aclose()

    run(test())
