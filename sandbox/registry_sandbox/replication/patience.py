"""Tries for a while: whoever starts beside a store that starts need not fail."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from registry_sandbox.replication.store import StoreAway

T = TypeVar("T")

TRIES_FOR_S: Final = 5.0
_PAUSE_S: Final = 0.1


async def patiently(call: Callable[[], Awaitable[T]], for_s: float = TRIES_FOR_S) -> T:
    """Return what a call returns, which is tried again while the store is away.

    Raises:
        StoreAway: it was away all the time, or will be.
    """
    until_s = time.monotonic() + for_s
    while True:
        try:
            return await call()
        except StoreAway as away:
            if away.lasting or time.monotonic() >= until_s:
                raise
            await asyncio.sleep(_PAUSE_S)
