"""Long work on the event loop, in slices of a few milliseconds: other requests have their turn in between.

Only work that needs the loop belongs here, such as a walk over the registry. All other long work goes to
`Workers.collect`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

SLICE_S = 0.005
"""How long a slice lasts. Several may be under way at once, and each has its slice in every turn of the loop."""


async def unhurried(items: Iterable[T], monotonic: Callable[[], float] = time.monotonic) -> AsyncGenerator[T, None]:
    """Yield the items of an iterable; after each slice, let the loop do what waits."""
    until_s = monotonic() + SLICE_S
    for each in items:
        yield each
        if monotonic() >= until_s:
            await asyncio.sleep(0)
            until_s = monotonic() + SLICE_S
