"""Exchanges begun outside a task: as far as they can go at once, and the rest in a task."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

import pytest

from sandbox.exchange import Response
from sandbox.server.begun import begun


def rest(begun_outside: Response | Awaitable[Response]) -> Awaitable[Response]:
    """What is left to be awaited, of which there must be something."""
    assert not isinstance(begun_outside, Response)
    return begun_outside


def in_a_callback(exchange: Awaitable[Response]) -> "asyncio.Future[Response | Awaitable[Response]]":
    """Begin it where no task runs."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Response | Awaitable[Response]] = loop.create_future()

    def begin() -> None:
        assert asyncio.current_task() is None
        future.set_result(begun(exchange))

    loop.call_soon(begin)
    return future


def test_what_waits_for_nothing_ends_at_once() -> None:
    """No loop is needed for it."""

    async def exchange() -> Response:
        return Response(204)

    answer = begun(exchange())
    assert isinstance(answer, Response)
    assert answer.status == 204


def test_what_has_to_wait_goes_on_in_a_task() -> None:
    """Whether it waits for a while, for the next round of the loop, or for a thread; and each step is done once."""
    steps = []

    async def exchange() -> Response:
        steps.append("begun")
        await asyncio.sleep(0.001)
        steps.append("after a while")
        await asyncio.sleep(0)
        steps.append(await asyncio.to_thread(lambda: "from a thread"))
        return Response(200)

    async def go() -> Response:
        left = rest(await in_a_callback(exchange()))
        assert steps == ["begun"]
        return await left

    assert asyncio.run(go()).status == 200
    assert steps == ["begun", "after a while", "from a thread"]


def test_what_it_waited_for_may_have_come_meanwhile() -> None:
    """It was done before anybody awaited the rest."""

    async def go() -> Response:
        waited_for: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def exchange() -> Response:
            return Response(await waited_for)

        left = rest(await in_a_callback(exchange()))
        waited_for.set_result(201)
        await asyncio.sleep(0)
        return await left

    assert asyncio.run(go()).status == 201


def test_a_failure_is_for_whoever_awaits_the_rest() -> None:
    """It does not fly out of the callback that brought the request."""

    async def exchange() -> Response:
        raise LookupError("a bug")

    with pytest.raises(LookupError, match="a bug"):
        asyncio.run(_awaited(rest(begun(exchange()))))


def test_what_it_waited_for_may_fail() -> None:
    """As in any other task."""

    async def exchange() -> Response:
        await asyncio.to_thread(int, "no number")
        return Response(200)

    async def go() -> Response:
        return await rest(await in_a_callback(exchange()))

    with pytest.raises(ValueError, match="no number"):
        asyncio.run(go())


@pytest.mark.parametrize("cleans_up", [False, True])
def test_a_cancelled_task_breaks_it_off_where_it_waits(cleans_up: bool) -> None:  # noqa: FBT001 - a parameter
    """What is to be tidied up is tidied up, even where that waits too."""
    ended = []

    async def exchange() -> Response:
        try:
            await asyncio.sleep(60)
        finally:
            if cleans_up:
                await asyncio.sleep(0)
            ended.append("tidy")
        return Response(200)

    async def go() -> None:
        task = asyncio.ensure_future(_awaited(rest(await in_a_callback(exchange()))))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert ended == ["tidy"]


def test_it_may_answer_all_the_same() -> None:
    """An exchange that catches what broke it off ends with its answer."""

    async def exchange() -> Response:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return Response(503)

    async def go() -> Response:
        task = asyncio.ensure_future(_awaited(rest(await in_a_callback(exchange()))))
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert asyncio.run(go()).status == 503


async def _awaited(left: Awaitable[Response]) -> Response:
    return await left
