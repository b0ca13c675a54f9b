"""The garbage collector: held off while a thread makes many objects that all go away at its end, and rare in a server.

A collection stops every thread, the event loop's too: with a full journal for a tenth of a second.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_COLLECT_AFTER: Final = 20_000


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


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect garbage rarely while a server runs, and do not look again at the objects that exist now.

    The objects of the start stay until the end, so the collector need not visit them again and again. Nor is what
    exchanges leave in the journal garbage: a collection after every 700 objects, the default, would find nothing.
    """
    went, thresholds = gc.isenabled(), gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    gc.enable()
    try:
        yield
    finally:  # the process may be somebody else's
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        (gc.enable if went else gc.disable)()
