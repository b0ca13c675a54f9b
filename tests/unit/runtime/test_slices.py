"""Long work on the event loop: others have their turn after each slice, and only then."""

import asyncio
from itertools import count

from registry_sandbox.runtime.slices import SLICE_S, unhurried


async def turns_beside(items: int, item_s: float) -> int:
    """Walk over items that take so long each, and return how many turns another task had meanwhile."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    clock = (item_s * tick for tick in count())
    assert [each async for each in unhurried(range(items), lambda: next(clock))] == list(range(items))
    beside.cancel()
    return turns


def test_others_have_their_turn_after_each_slice() -> None:
    """Here each item takes longer than a slice."""
    assert asyncio.run(turns_beside(10, 2 * SLICE_S)) == 10


def test_short_work_is_done_in_one_go() -> None:
    """Nobody waits for a turn of the loop without a reason."""
    assert asyncio.run(turns_beside(10, 0.0)) == 0
