"""Injected waits: they last as long as they should, and all end when the sandbox stops."""

import asyncio

import pytest

from registry_sandbox.runtime.waits import Waits


async def _without_end(seconds: float) -> None:
    del seconds
    await asyncio.Event().wait()


def test_a_wait_lasts_as_long_as_it_is_told() -> None:
    """The seconds are passed on."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    asyncio.run(Waits(sleep)(2.5))
    assert slept == [2.5]


def test_the_end_ends_waits_under_way_and_those_to_come() -> None:
    """Whoever waited goes on; nobody is cancelled."""

    async def ended() -> str:
        waits = Waits(_without_end)
        waiting = asyncio.ensure_future(waits(3_600))
        await asyncio.sleep(0)
        waits.end_all()
        await waiting
        await waits(3_600)
        return "went on"

    assert asyncio.run(ended()) == "went on"


def test_an_exchange_that_is_cancelled_while_it_waits_is_cancelled() -> None:
    """A reset ends it so."""

    async def cancelled() -> None:
        waiting = asyncio.ensure_future(Waits(_without_end)(3_600))
        await asyncio.sleep(0)
        waiting.cancel()
        await waiting

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
