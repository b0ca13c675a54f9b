"""Registries that share their versions: what one writes, no other sees."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry_sandbox.app import build
from registry_sandbox.registry.seeds import Seed
from registry_sandbox.registry.start import SeededStart
from registry_sandbox.registry.store import Registry
from registry_sandbox.settings import Settings
from registry_sandbox.testing.builders import appointment
from registry_sandbox.workspace import Workspace

AT = datetime(2019, 1, 18, 9, tzinfo=UTC)
PATIENT = "9990001111"


def registry() -> Registry:
    """Return an empty one."""
    return Registry(lambda sent, _: json.dumps(sent).encode(), json.loads)


def seen(registry: Registry) -> dict[str, Any]:
    """Return all that a client can find out of a registry."""
    return {
        "histories": [[each.json for each in history] for history in registry.histories()],
        "found": [each.json for each in registry.of_patient(PATIENT)],
        "pointers": [registry.knows_pointer(f"http://p.test/{number}") for number in range(4)],
        "size": len(registry),
    }


def create(registry: Registry, number: int) -> None:
    """Register an appointment."""
    registry.create(appointment(pointer=f"http://p.test/{number}"), logical_id=f"a{number}", at=AT)


@pytest.mark.parametrize("writer", ["first", "second"])
def test_a_write_is_seen_by_its_own_registry_alone(writer: str) -> None:
    """A new appointment of a patient that both have, and a new version; whichever of the two writes."""
    first, second = registry(), registry()
    create(first, 0)
    create(first, 1)
    second.use(first.share())
    before = seen(first)
    assert seen(second) == before
    writing, other = (first, second) if writer == "first" else (second, first)
    create(writing, 2)
    writing.update("a0", {**appointment(), "status": "cancelled"}, expected=1, at=AT)
    assert seen(other) == before
    assert seen(writing)["size"] == 3
    assert len(seen(writing)["found"]) == 3
    assert len(writing.history("a0")) == 2


def test_what_was_shared_can_be_used_again_after_each_write() -> None:
    """A snapshot does not change, however often somebody returns to it."""
    made = registry()
    create(made, 0)
    snapshot, before = made.share(), seen(made)
    for number in (1, 2):
        create(made, number)
        assert seen(made) != before
        made.use(snapshot)
        assert seen(made) == before


def test_clearing_leaves_others_what_they_have() -> None:
    """A reset of one registry."""
    first, second = registry(), registry()
    create(first, 0)
    second.use(first.share())
    before = seen(second)
    first.clear()
    assert len(first) == 0
    assert seen(second) == before


def started(start: SeededStart, at: datetime) -> Workspace:
    """Return a workspace that starts at this instant with these seeds."""
    workspace = build(Settings(no_seed_data=True, auth="off", clock=at, clock_frozen=True)).workspace
    start.load(workspace.seed_loader)
    return workspace


def story(**changes: str) -> Seed:
    """Return a seed that is on the next day."""
    told: Mapping[str, Any] = {"id": "mine", "patient": PATIENT, "pointer": "http://p.test/0", "start": "+1d 09:30"}
    return Seed("here", story={"end": "+1d 09:40", **told, **changes})


def test_workspaces_share_seeds_while_their_dates_agree() -> None:
    """The very versions, as long as the day is the same."""
    start = SeededStart([story()])
    first, second, third = (started(start, AT + timedelta(hours=hours)) for hours in (0, 5, 24))
    assert second.service.registry.current("mine") is first.service.registry.current("mine")
    assert third.service.registry.current("mine").resource()["start"] == "2019-01-20T09:30:00.000+00:00"


def test_a_seed_that_means_the_same_is_shared_beside_one_that_does_not() -> None:
    """One that goes on now is another each minute."""
    start = SeededStart([story(), story(id="now", start="-15m", end="+15m")])
    first, second = (started(start, AT + timedelta(minutes=minutes)) for minutes in (0, 1))
    assert second.service.registry.current("mine") is first.service.registry.current("mine")
    assert first.service.registry.current("now").resource()["start"] == "2019-01-18T08:45:00.000+00:00"
    assert second.service.registry.current("now").resource()["start"] == "2019-01-18T08:46:00.000+00:00"


def test_a_seed_without_an_id_gets_one_in_each_workspace() -> None:
    """It is not shared: ids belong to the streams of a workspace."""
    without = {key: value for key, value in (story().story or {}).items() if key != "id"}
    start = SeededStart([Seed("here", story=without)])
    first, second = (started(start, AT) for _ in range(2))
    assert set(first.service.registry.ids()).isdisjoint(second.service.registry.ids())
