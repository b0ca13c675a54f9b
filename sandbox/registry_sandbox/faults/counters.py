"""Counters of a rule, kept apart for each scope."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from registry_sandbox.faults.when import Scope

MAX_SCOPES: Final = 100_000


class Counters:
    """Counts by scope, bounded: the scope used longest ago is forgotten first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, Scope], int] = OrderedDict()

    def copy(self) -> "Counters":
        """Return the same counts, to count on apart."""
        other = Counters()
        other._counts = self._counts.copy()
        return other

    def __iter__(self) -> Iterator[tuple[str, Scope, int]]:
        """Iterate over the counts: what was counted, in which scope, and how often; the one used last at the end."""
        return iter([(what, scope, count) for (what, scope), count in self._counts.items()])

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
