"""Replicas that have a minute for what they do, for tests of anything but their patience: a machine may be busy."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import pytest

# `port` takes the journal's patience by its value when it is imported: that has to be before it is another one.
from registry_sandbox.replication import journal_writer, port, replica, turn, valkey  # noqa: F401

_LONG_S: Final = 60.0


@contextmanager
def unhurried() -> Iterator[None]:
    """Let a request wait for its replica and its store, and its answer for the journal, while the block runs."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(turn, "PATIENCE_S", _LONG_S)
        patched.setattr(replica, "Turn", partial(turn.Turn, patience_s=_LONG_S))
        patched.setattr(journal_writer, "PATIENCE_S", _LONG_S)
        patched.setattr(valkey, "ValkeyStore", partial(valkey.ValkeyStore, within_s=_LONG_S))
        yield
