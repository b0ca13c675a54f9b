"""Counters of a rule, kept apart for each scope."""

from collections import OrderedDict
from typing import Final

from registry_sandbox.faults.when import Scope

MAX_SCOPES: Final = 100_000


class Counters:
    """Counts by scope, bounded: the scope used longest ago is forgotten first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, Scope], int] = OrderedDict()

    def get(self, what: str, scope: Scope) -> int:
        """Return a count; 0 if nothing was counted."""
        return self._counts.get((what, scope), 0)

    def add(self, what: str, scope: Scope, by: int = 1) -> int:
        """Add to a count and return the new value."""
        key = (what, scope)
        count = self._counts[key] = self._counts.get(key, 0) + by
        self._counts.move_to_end(key)
        if len(self._counts) > MAX_SCOPES:
            self._counts.popitem(last=False)
        return count
