"""What is written of a replica's state: equal things once, and in small steps, taken while others go on."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.request import Request
from registry_sandbox.replication.cut import Cut
from registry_sandbox.replication.entry import Entry
from registry_sandbox.replication.machine import ReplicaState
from registry_sandbox.replication.records import is_appointment, told_by
from registry_sandbox.replication.restoring import Incomplete, Restoring
from registry_sandbox.replication.shared import Shared
from registry_sandbox.replication.store import Position
from registry_sandbox.testing import builders
from tests.unit.replication.drawn import BASE, Joined, KeepingStore, joined

pytestmark = pytest.mark.usefixtures("unhurried")

STORY = {"patient": "9990001111", "pointer": "https://p.test/1", "start": "+1d 09:00", "end": "+1d 09:10"}


async def _one(**settings: Any) -> Joined:
    store = KeepingStore()
    return await joined(lambda: store, **settings)


async def _register(one: Joined, many: int, place: str = "") -> None:
    for _ in range(many):
        status, told = await one.call("POST", f"{place}/STU3/Appointment", builders.appointment())
        assert status == 201, told


def _state(one: Joined) -> ReplicaState:
    assert one.sandbox.replication is not None
    return one.sandbox.replication.state


def _shared(one: Joined) -> Shared:
    return _state(one).of("")


def _cut(one: Joined) -> Cut:
    return _state(one)._cut_now()  # noqa: SLF001 - as it is made for an entry `save`


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
        status, _ = await one.call("POST", "/_sandbox/workspaces", {"name": "w", "seed_data": seeds})
        assert status == 201
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
        cut = _state(one)._cut = _cut(one)  # noqa: SLF001
        await _register(one, 2, "/w/written")
        await one.call("PUT", "/w/moved/_sandbox/clock", {"advance": "1h"})
        await one.call("DELETE", "/_sandbox/workspaces/ended")
        await one.call("POST", "/_sandbox/exam/read-again-after-an-hour/done")
        await _register(one, 2)
        assert list(cut.records()) == expected
        await one.stop()

    asyncio.run(trial())


def _restoring(one: Joined) -> Restoring:
    workspaces: Any = one.sandbox.workspaces
    return Restoring(_shared(one), workspaces, _state(one).of, one.sandbox.handlers.exam)


def test_records_without_an_end_are_refused() -> None:
    """They were replaced while they were read: half a state must not be taken for one."""

    async def trial() -> None:
        one, other = await _one(), await _one()
        await _register(one, 3)
        with pytest.raises(Incomplete):
            await _restoring(other).read(list(_cut(one).records())[:-1])
        for each in (one, other):
            await each.stop()

    asyncio.run(trial())


def test_a_rule_that_is_gone_still_counts_for_whoever_it_was_decided() -> None:
    """Between its decision and its count an exchange may have seen the rule go; who comes later counts the same."""

    async def trial() -> None:
        one, other = await _one(), await _one()
        await one.call("POST", "/_sandbox/faults", {"id": "l", "match": {}, "then": {"rate_limit": "2/h"}})
        await one.call("GET", "/STU3/Appointment/nobody")
        await one.call("DELETE", "/_sandbox/faults/l")
        decision = next(iter(_shared(one).decisions))
        await _restoring(other).read(_cut(one).records())
        limit = Entry("0a", 1, "limit", "", _shared(one).epoch, {"decision": decision, "rule": "l", "client": ""})
        at = Position(2_000_000_000_000, 0)
        waits = [[_state(each).apply(limit, at) for _ in range(2)] for each in (one, other)]
        assert waits[0][0] == 0 < waits[0][1]
        assert waits[0] == waits[1]
        for each in (one, other):
            await each.stop()

    asyncio.run(trial())


def test_all_know_the_number_of_an_exchange_that_is_under_way() -> None:
    """Also one who has asked before, and finds nothing new in the journal."""

    async def trial() -> None:
        store = KeepingStore()
        one, other = await joined(lambda: store), await joined(lambda: store)
        await one.call("POST", "/_sandbox/faults", {"id": "h", "match": {}, "then": {"hold": True}})
        waiting = asyncio.ensure_future(one.call("GET", "/STU3/Appointment/nobody"))
        _, told = await other.call("GET", "/_sandbox/faults/h/held?wait=5s")
        assert [each["exchange"] for each in told["held"]] == [1]
        for each in (one, other):
            await _shared(each).journal.refresh()
            assert _shared(each).journal.numbered == 1
        await other.call("POST", "/_sandbox/faults/h/release")
        assert (await waiting)[0] == 404
        for each in (one, other):
            await each.stop()

    asyncio.run(trial())


def test_of_two_who_end_one_operation_the_second_is_refused() -> None:
    """Both were judged at the first step; what was judged there says nothing about the second."""

    async def trial() -> None:
        one = await _one()
        await one.call("POST", "/_sandbox/exam", {"scenarios": ["read-two-appointments"]})
        path, exam = "/_sandbox/exam/read-two-appointments/done", one.sandbox.handlers.exam
        request = Request("POST", path, "", CIMultiDictProxy(CIMultiDict()), b"", BASE)
        judged = await exam.judged(request)
        told = {"request": ["POST", path, "", BASE, "", ""], "headers": [], "numbered": 0, "judged": judged}
        propose = _shared(one).propose
        answers = [await propose("control", "", "", told) for _ in range(2)]
        assert [each.status for each in answers] == [200, 409]
        assert b"Another call has gone on with the task 'read-two-appointments' meanwhile" in answers[1].body
        assert (await one.call("POST", path))[1]["state"] == "inconclusive"
        await one.stop()

    asyncio.run(trial())


def test_all_replicas_have_the_result_of_the_one_that_judged() -> None:
    """Though the journal says something else by the time when they take it."""

    async def trial() -> None:
        store = KeepingStore()
        one, other = await joined(lambda: store), await joined(lambda: store)
        await one.call("POST", "/_sandbox/exam", {"scenarios": ["read-once"]})
        status, told = await one.call("POST", "/_sandbox/exam/read-once/done", {"exit_status": 3})
        assert (status, told["state"]) == (200, "fail")
        await one.call("DELETE", "/w/exam-read-once/_sandbox/journal")
        late = await joined(lambda: store)
        shown = [(await each.call("GET", "/_sandbox/exam"))[1] for each in (one, other, late)]
        reports = [(await each.call("GET", "/_sandbox/exam/report"))[1] for each in (one, other, late)]
        assert shown[0] == shown[1] == shown[2]
        assert reports[0] == reports[1] == reports[2]
        assert "exit status 3" in shown[0]["tasks"][0]["messages"][-1]
        for each in (one, other, late):
            await each.stop()

    asyncio.run(trial())
