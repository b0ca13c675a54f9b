"""Replicas that wait as long as it takes: for tests of anything but their patience, on a machine that may be busy."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import pytest

from registry_sandbox.replication import journal_writer, replica, turn

_LONG_S: Final = 60.0


@contextmanager
def unhurried() -> Iterator[None]:
    """Let a request wait for its replica, and its answer for the journal, meanwhile."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(turn, "PATIENCE_S", _LONG_S)
        patched.setattr(replica, "Turn", partial(turn.Turn, patience_s=_LONG_S))
        patched.setattr(journal_writer, "PATIENCE_S", _LONG_S)
        yield
