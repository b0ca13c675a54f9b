"""What is written of a replica's state: equal things once, and in small steps, taken while others go on."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from registry_sandbox.replication.cut import Cut
from registry_sandbox.replication.records import is_appointment, told_by
from registry_sandbox.replication.restoring import Incomplete, Restoring
from registry_sandbox.testing import builders
from tests.unit.replication.drawn import Joined, KeepingStore, joined

STORY = {"patient": "9990001111", "pointer": "https://p.test/1", "start": "+1d 09:00", "end": "+1d 09:10"}


async def _one(**settings: Any) -> Joined:
    store = KeepingStore()
    return await joined(lambda: store, **settings)


async def _register(one: Joined, many: int, place: str = "") -> None:
    for _ in range(many):
        status, told = await one.call("POST", f"{place}/STU3/Appointment", builders.appointment())
        assert status == 201, told


def _cut(one: Joined) -> Cut:
    assert one.sandbox.replication is not None
    return one.sandbox.replication.state._cut_now()  # noqa: SLF001 - as it is made for an entry `save`


def _counted(records: Iterator[bytes]) -> Counter[str]:
    return Counter("appointment" if is_appointment(each) else told_by(each)[0] for each in records)


def test_what_is_equal_is_written_once() -> None:
    """Ten snapshots of one state, and workspaces that begin with one, have the appointments of the registry."""

    async def trial() -> None:
        one = await _one()
        await _register(one, 30)
        for number in range(10):
            await one.call("POST", "/_sandbox/snapshots", {"name": f"s{number}"})
        for number in range(3):
            await one.call("POST", "/_sandbox/workspaces", {"name": f"w{number}", "from": "s1"})
        written = _counted(_cut(one).records())
        assert (written["appointment"], written["contents"]) == (30, 1)
        assert written["state"] == 1 + 10 + 3  # s1 is written once, though three began with it
        await _register(one, 1)
        written = _counted(_cut(one).records())
        assert (written["appointment"], written["contents"]) == (31, 2)
        await one.stop()

    asyncio.run(trial())


def test_a_step_is_short_however_much_there_is() -> None:
    """Counts, activations, decisions and seeds come some at a time."""

    async def trial() -> None:
        one = await _one(rate_limit=None)
        rule = {"match": {"interaction": "read"}, "when": {"per": "resource"}, "then": {"delay": "0s"}}
        await one.call("POST", "/_sandbox/faults", rule)
        for number in range(1_100):
            await one.call("GET", f"/STU3/Appointment/a{number}")
        seeds = [{**STORY, "id": f"s{number}"} for number in range(1_100)]
        await one.call("POST", "/_sandbox/workspaces", {"name": "w", "seed_data": seeds})
        records = [told_by(each) for each in _cut(one).records() if not is_appointment(each)]
        lists = [(kind, value) for kind, told in records for value in told if isinstance(value, list)]
        assert max(len(value) for _, value in lists) <= 500
        whole = {kind: sum(len(value) for each, value in lists if each == kind) for kind, _ in lists}
        assert whole["fired"] == whole["decisions"] == whole["seeds"] == 1_100
        assert whole["counts"] == 1_100 * 2  # matched, fired
        await one.stop()

    asyncio.run(trial())


def test_a_workspace_is_written_as_it_was_though_it_has_changed_meanwhile() -> None:
    """Whatever changes it: a client, a tester, its end, the exam that it is for."""

    async def trial() -> None:
        one = await _one()
        for name in ("written", "moved", "ended", "kept"):
            await one.call("POST", "/_sandbox/workspaces", {"name": name})
            await _register(one, 1, f"/w/{name}")
        await one.call("POST", "/_sandbox/exam", {"scenarios": ["read-again-after-an-hour"]})
        expected = list(_cut(one).records())
        assert one.sandbox.replication is not None
        state = one.sandbox.replication.state
        cut = state._cut = _cut(one)  # noqa: SLF001
        await _register(one, 2, "/w/written")
        await one.call("PUT", "/w/moved/_sandbox/clock", {"advance": "1h"})
        await one.call("DELETE", "/_sandbox/workspaces/ended")
        await one.call("POST", "/_sandbox/exam/read-again-after-an-hour/done")
        await _register(one, 2)
        assert list(cut.records()) == expected
        await one.stop()

    asyncio.run(trial())


def test_records_without_an_end_are_refused() -> None:
    """They were replaced while they were read: half a state must not be taken for one."""

    async def trial() -> None:
        one, other = await _one(), await _one()
        await _register(one, 3)
        replication, sandbox = other.sandbox.replication, other.sandbox
        assert replication is not None
        workspaces: Any = sandbox.workspaces
        restoring = Restoring(replication.state.of(""), workspaces, replication.state.of, sandbox.handlers.exam)
        with pytest.raises(Incomplete):
            restoring.read(list(_cut(one).records())[:-1])
        for each in (one, other):
            await each.stop()

    asyncio.run(trial())


def test_of_two_who_end_one_operation_the_second_is_refused() -> None:
    """What was judged for the first step says nothing about the second."""

    async def trial() -> None:
        store = KeepingStore()
        one, other = await joined(lambda: store), await joined(lambda: store)
        await one.call("POST", "/_sandbox/exam", {"scenarios": ["read-two-appointments"]})
        path = "/_sandbox/exam/read-two-appointments/done"
        answers = await asyncio.gather(one.call("POST", path), other.call("POST", path))
        assert sorted(status for status, _ in answers) == [200, 409]
        refused = next(told for status, told in answers if status == 409)
        assert "Another call has gone on with the task 'read-two-appointments' meanwhile" in json.dumps(refused)
        assert (await one.call("POST", path))[0] == 200
        for each in (one, other):
            await each.stop()

    asyncio.run(trial())
