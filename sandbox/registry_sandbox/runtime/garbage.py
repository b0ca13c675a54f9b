"""The garbage collector, held off while a thread makes many objects that all go away at its end.

A collection stops every thread, the event loop's too: with a full journal for a tenth of a second.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Holds:
    """Counts who holds the collector off, so that the last one sets it going again, and only if it went before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = 0
        self._went = False

    def begin(self) -> None:
        with self._lock:
            if not self._held:
                self._went = gc.isenabled()
                gc.disable()
            self._held += 1

    def end(self) -> None:
        with self._lock:
            self._held -= 1
            if not self._held and self._went:
                gc.enable()


_HOLDS = _Holds()


@contextmanager
def no_collections() -> Iterator[None]:
    """Hold the collector off; what has no cycles is freed nevertheless."""
    _HOLDS.begin()
    try:
        yield
    finally:
        _HOLDS.end()
