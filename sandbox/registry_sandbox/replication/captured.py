"""A workspace as it is after an entry of the log: quick to take, and nothing in it changes any more."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from registry_sandbox.faults.holding import Held
from registry_sandbox.faults.live_rule import LiveRule
from registry_sandbox.replication.effects import Effects, about_held
from registry_sandbox.replication.journal import SharedJournal
from registry_sandbox.replication.saved_engine import NO_DECISIONS, Decisions, Windows, windows_of
from registry_sandbox.workspace import State, Workspace


@dataclass(frozen=True, slots=True)
class Captured:
    """All that a workspace is, but for what is in its journal.

    Attributes:
        told: what is small, as JSON.
        state: the state.
        lives: its rules, of which the state has copies.
        gone: the windows of rules that are in force no more, and that a decision may count for still.
        decisions: of exchanges whose end may take something back.
        snapshots: by name.
    """

    told: Mapping[str, Any]
    state: State
    lives: Sequence[LiveRule]
    gone: Mapping[LiveRule, Windows]
    decisions: Decisions
    snapshots: Mapping[str, State]


def captured(shared: Effects) -> Captured:
    """Return a workspace as it is now."""
    return _captured(shared.workspace, shared.epoch, dict(shared.decisions))


def captured_after_its_end(workspace: Workspace) -> Captured:
    """Return a workspace that nobody can change any more."""
    return _captured(workspace, "", NO_DECISIONS)


def _captured(workspace: Workspace, epoch: str, decisions: Decisions) -> Captured:
    lives = workspace.engine.lives()
    known = set(lives)
    fired = (each for of_one in decisions.values() for each in of_one)
    gone = {each.live: windows_of(each.live) for each in fired if each.live not in known and each.live.memory}
    return Captured(_told(workspace, epoch), workspace.state, lives, gone, decisions, dict(workspace.snapshots))


def _told(workspace: Workspace, epoch: str) -> dict[str, Any]:
    journal = cast("SharedJournal", workspace.journal)
    return {
        "epoch": epoch,
        "journal": [journal.key, journal.numbered, journal.generation],
        "attestations": [asdict(each) for each in workspace.attestations],
        "steps": [[each.after, each.noun] for each in workspace.steering.steps()],
        "held": [_held(each) for each in workspace.engine.holdings],
    }


def _held(held: Held) -> list[Any]:
    return [held.rule_id, held.exchange, about_held(held.request), held.since_s, held.replica]
