"""What entries do to a workspace, and what they are refused for: by the entry and the state alone."""

import asyncio
import json
from typing import Any

import pytest

from registry_sandbox.app import Sandbox, build
from registry_sandbox.http.errors import RuleBroken, ServiceUnavailable, VersionConflict
from registry_sandbox.registry.version import Stored
from registry_sandbox.replication.entry import Entry
from registry_sandbox.replication.memory import MemoryStore
from registry_sandbox.replication.store import Position
from registry_sandbox.settings import Settings
from registry_sandbox.testing import builders

AT = Position(1_900_000_000_000, 0)


def made(**settings: Any) -> Sandbox:
    """Return a replica whose store is in memory; its log is applied by hand."""
    store = MemoryStore(lambda: float(AT.ms))
    return build(Settings(no_seed_data=True, random_seed=7, **settings), make_store=lambda: store)


def entry(kind: str, told: dict[str, Any], body: bytes = b"", epoch: str = "", workspace: str = "") -> Entry:
    """Return an entry as the log has it."""
    return Entry.of(Entry("0a", 1, kind, workspace, epoch, told, body).encoded())


def create(epoch: str = "", ahead: float = 0.0, **changes: Any) -> Entry:
    """Return the entry that registers an appointment."""
    return entry("create", {"ahead": ahead}, json.dumps(builders.appointment(**changes)).encode(), epoch)


def applied(sandbox: Sandbox, one: Entry, at: Position = AT) -> Any:
    """Apply an entry."""
    assert sandbox.replication is not None
    sandbox.replication.wall.stand(at.ms / 1000)
    return sandbox.replication.state.apply(one, at)


def test_two_replicas_store_the_same_bytes() -> None:
    """Id, version and instant follow from the seed and from the place in the log, at whatever time it is applied."""
    stored: list[Stored] = [applied(made(), create()) for _ in range(2)]
    assert stored[0].version.json == stored[1].version.json
    assert json.loads(stored[0].version.json)["meta"]["lastUpdated"] == "2030-03-17T17:46:40.000+00:00"


def test_a_clock_that_a_fault_has_put_ahead_is_the_entrys() -> None:
    """The exchange saw it, so its version has it."""
    stored: Stored = applied(made(), create(ahead=-300.0))
    assert json.loads(stored.version.json)["meta"]["lastUpdated"] == "2030-03-17T17:41:40.000+00:00"


def test_what_was_judged_before_a_reset_is_refused() -> None:
    """And what is judged after it is stored; the epoch is the place of the reset in the log."""
    sandbox = made()
    reset = entry("control", {"request": ["POST", "/_sandbox/reset", "", "", "", ""], "headers": [], "numbered": 0})

    async def trial() -> None:
        sandbox._attach()  # noqa: SLF001 - as the start does, without a port
        assert (await applied(sandbox, reset)).status == 200
        with pytest.raises(ServiceUnavailable, match="reset meanwhile"):
            applied(sandbox, create())
        applied(sandbox, create(epoch=str(AT)))

    asyncio.run(trial())
    assert len(sandbox.workspace.service.registry) == 1


def test_a_version_that_is_not_current_any_more_is_refused() -> None:
    """Whatever it was when the update was judged."""
    sandbox = made()
    stored: Stored = applied(sandbox, create())
    told = {"ahead": 0.0, "id": stored.version.logical_id, "expected": 1}
    body = json.dumps({**builders.appointment(), "status": "cancelled"}).encode()
    assert applied(sandbox, entry("update", told, body)).version.number == 2
    with pytest.raises(VersionConflict):
        applied(sandbox, entry("update", told, body))


def test_a_pointer_that_another_has_registered_meanwhile_is_refused() -> None:
    """Where duplicates are."""
    sandbox = made(duplicates="refuse")
    applied(sandbox, create())
    with pytest.raises(RuleBroken, match="is registered already"):
        applied(sandbox, create())


def test_an_entry_for_a_workspace_that_is_gone_is_refused() -> None:
    """Nothing is done."""
    with pytest.raises(ServiceUnavailable, match="was deleted meanwhile"):
        applied(made(), entry("create", {"ahead": 0.0}, b"{}", workspace="gone"))


def test_a_workspace_of_the_same_name_is_another() -> None:
    """What was judged in the first is refused by the second."""
    sandbox = made()
    places = [Position(AT.ms + each, 0) for each in range(3)]

    def control(method: str, path: str, body: bytes = b"") -> Entry:
        told = {"request": [method, f"/_sandbox{path}", "", "http://h.test/STU3", "", ""], "headers": [], "numbered": 0}
        return entry("control", told, body)

    async def trial() -> None:
        sandbox._attach()  # noqa: SLF001
        statuses = [
            (await applied(sandbox, control("POST", "/workspaces", b'{"name": "w"}'), places[0])).status,
            (await applied(sandbox, control("DELETE", "/workspaces/w"), places[1])).status,
            (await applied(sandbox, control("POST", "/workspaces", b'{"name": "w"}'), places[2])).status,
        ]
        assert statuses == [201, 204, 201]
        body = json.dumps(builders.appointment()).encode()
        with pytest.raises(ServiceUnavailable):
            applied(sandbox, entry("create", {"ahead": 0.0}, body, str(places[0]), "w"))
        applied(sandbox, entry("create", {"ahead": 0.0}, body, str(places[2]), "w"))

    asyncio.run(trial())


@pytest.mark.parametrize("many", [1, 3])
def test_names_of_workspaces_are_made_alike(many: int) -> None:
    """From the place in the log, whatever was applied before."""
    names = []
    for before in (0, many):
        sandbox = made()
        replication = sandbox.replication
        assert replication is not None
        for at in range(before):
            applied(sandbox, create(), Position(AT.ms - 10 + at, 0))
        applied(sandbox, create())
        names.append(replication.state.new_name(7))
    assert names[0] == names[1]
