"""Signing keys for the sandboxes of the tests, used again: to make one takes 35 ms, some 350 times in a run."""

import copy
import threading
import weakref
from collections.abc import Callable
from typing import Final, NamedTuple

from registry_sandbox.auth.keys import SigningKey

_NEWER: Final = 16


class _Lent(NamedTuple):
    key: SigningKey
    """As it was made."""

    copy: "weakref.ref[SigningKey]"
    """What somebody has, or had."""


class Keys:
    """Keys that nobody has any more, or new ones.

    A key comes again when sixteen others have come since. So a token of one sandbox does not open another, nor the one
    that was started after it.

    Args:
        make: makes a key.
    """

    def __init__(self, make: Callable[[], SigningKey]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._lent: list[_Lent] = []

    def draw(self) -> SigningKey:
        """Return a key that nobody else has."""
        with self._lock:
            free = next((each for each in self._lent[:-_NEWER] if each.copy() is None), None)
            if free is not None:
                self._lent.remove(free)
            key = self._make() if free is None else free.key
            lent = copy.copy(key)
            self._lent.append(_Lent(key, weakref.ref(lent)))
            return lent
