"""What the tests of replicas share."""

from functools import partial

import pytest

from registry_sandbox.replication import replica, turn

_LONG_S = 60.0


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a request wait for its replica as long as it takes: for tests of anything but patience."""
    monkeypatch.setattr(turn, "PATIENCE_S", _LONG_S)
    monkeypatch.setattr(replica, "Turn", partial(turn.Turn, patience_s=_LONG_S))
