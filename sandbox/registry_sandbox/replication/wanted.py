"""What a workspace was asked to start with as JSON, and read back, but for its state."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from registry_sandbox.faults.rule import read_rule
from registry_sandbox.registry.seeds import Seed
from registry_sandbox.workspace import State
from registry_sandbox.workspaces import Wanted


def wanted_as_json(wanted: Wanted) -> dict[str, Any]:
    """Return it as JSON; of the seeds, only whether there are some."""
    return {
        "seeds": wanted.seeds is not None,
        "clock": None if wanted.clock is None else wanted.clock.isoformat(),
        "frozen": wanted.frozen,
        "faults": None if wanted.faults is None else [dict(each.spec) for each in wanted.faults],
        "random_seed": wanted.random_seed,
        "ttl_s": wanted.ttl_s,
        "control_token": wanted.control_token,
    }


def read_wanted(told: Mapping[str, Any], name: str, seeds: Sequence[Seed], state: State | None) -> Wanted:
    """Return what was asked for."""
    faults = told["faults"]
    return Wanted(
        name=name,
        seeds=seeds if told["seeds"] else None,
        clock=None if told["clock"] is None else datetime.fromisoformat(told["clock"]),
        frozen=told["frozen"],
        faults=None if faults is None else [read_rule(each, "rule", "rule") for each in faults],
        random_seed=told["random_seed"],
        ttl_s=told["ttl_s"],
        control_token=told["control_token"],
        state=state,
    )


def seed_as_json(seed: Seed) -> list[Any]:
    """Return a seed as JSON; its document byte for byte."""
    return [seed.place, seed.document.decode("latin-1"), seed.format, seed.story, dict(seed.lines)]


def read_seed(told: Sequence[Any]) -> Seed:
    """Return a seed."""
    place, document, format_, story, lines = told
    return Seed(place, document.encode("latin-1"), format_, story, lines)
