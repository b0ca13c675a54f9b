"""Counters: kept for each scope, and bounded."""

import pytest

from registry_sandbox.faults import counters
from registry_sandbox.faults.counters import Counters
from registry_sandbox.faults.when import Scope


def test_the_scope_used_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the one that was counted first: a client that keeps calling keeps its count."""
    monkeypatch.setattr(counters, "MAX_SCOPES", 2)
    counted = Counters()
    for client in ("a", "b", "a", "c"):
        counted.add("matched", Scope(client))
    assert [counted.get("matched", Scope(client)) for client in "abc"] == [2, 0, 1]
