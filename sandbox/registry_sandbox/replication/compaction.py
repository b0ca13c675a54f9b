"""Shortens the log: now and then a replica writes its state to the store, and those that come later begin with it.

The replica that proposed the entry with which the log is long enough does it. What the others do not have applied yet
stays in the log until the next time.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.replication import engine_memory
from registry_sandbox.replication.saved_state import head_of, parts_of, state_of
from registry_sandbox.replication.shared import Shared
from registry_sandbox.replication.store import Position, Store, StoreAway
from registry_sandbox.runtime.slices import unhurried
from registry_sandbox.verdict.attestations import Attestation

_log = logging.getLogger("sandbox")

ENTRIES: Final = 50_000
"""How many entries a log has when it is shortened."""


class Compaction:
    """The shortening of one log.

    Args:
        store: has the log.

    Attributes:
        every: how many entries it may have.
    """

    def __init__(self, store: Store, every: int = ENTRIES) -> None:
        self._store, self.every = store, every
        self._applied = 0
        self._task: asyncio.Task[None] | None = None

    def due(self, *, own: bool) -> bool:
        """Count an entry that was applied; return True if this replica, which proposed it, may shorten the log now."""
        self._applied += 1
        at_work = self._task is not None and not self._task.done()
        return own and self._applied >= self.every and not at_work

    def save(self, shared: Shared, identity: str, position: Position) -> None:
        """Write the state as it is now, at this position of the log, while all else goes on."""
        self._applied = 0
        # What the state shares does not change any more; the head is made before anything else happens.
        head, state = _head(shared), shared.workspace.state
        self._task = asyncio.ensure_future(self._save(parts_of(head, state), identity, position))

    async def _save(self, parts: Iterator[bytes], identity: str, position: Position) -> None:
        try:
            await self._store.unsave(position)
            async for part in unhurried(parts):
                await self._store.save(position, part)
            await self._store.shorten(identity, position)
        except StoreAway as away:
            _log.warning("the log is not shortened: %s", away)


def can_be_written(shared: Shared) -> bool:
    """Return True if the state is all in what is written: no snapshots, and nothing is held."""
    workspace = shared.workspace
    return not workspace.snapshots and not workspace.engine.holdings.any


def _head(shared: Shared) -> dict[str, Any]:
    workspace = shared.workspace
    keys = workspace.credentials.state
    journal = workspace.journal
    return {
        "epoch": shared.epoch,
        "journal": shared.journal.key,
        "numbered": journal.numbered,
        "generation": journal.generation,
        "keys": None if keys is None else [keys[0].pem.decode(), [[key.pem.decode(), s] for key, s in keys[1]]],
        "attestations": [asdict(each) for each in workspace.attestations],
        "steps": [[each.after, each.noun] for each in workspace.steering.steps()],
        "faults": engine_memory.written(workspace.engine, shared.decisions),
    }


def restore(parts: Sequence[bytes], shared: Shared) -> None:
    """Let a workspace that has just begun be what was written."""
    head, workspace = head_of(parts), shared.workspace
    workspace.restore(state_of(parts, workspace))
    shared.epoch = head["epoch"]
    shared.journal.go_on(head["journal"], head["numbered"], head["generation"])
    _restore_keys(head, shared)
    for each in head["attestations"]:
        workspace.attestations.add(Attestation(**each))
    for after, noun in head["steps"]:
        workspace.steering.note(noun, after)
    shared.decisions.clear()
    shared.decisions.update(engine_memory.read(head["faults"], workspace.engine))


def _restore_keys(head: Mapping[str, Any], shared: Shared) -> None:
    if head["keys"] is None:
        return
    key, former = head["keys"]
    replaced = tuple((SigningKey.of(pem.encode()), until_s) for pem, until_s in former)
    shared.workspace.credentials.resume((SigningKey.of(key.encode()), replaced))
