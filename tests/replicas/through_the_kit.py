"""The test kit through a balancer that never sticks: each call may meet another replica, and sees what the last did.

Not collected with the other tests: `make replicas` runs it against the balancer.
"""

import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from registry_sandbox.testing import builders

if TYPE_CHECKING:
    from registry_sandbox.testing.remote import RemoteSandbox

_TIMES = 12
"""Four times as many as replicas."""


def read(sandbox: "RemoteSandbox", name: str) -> httpx.Response:
    """Read an appointment."""
    headers = {"Authorization": f"Bearer {sandbox.token()}"}
    return httpx.get(f"{sandbox.base_url}/Appointment/{name}", headers=headers, timeout=30)


def cancel(sandbox: "RemoteSandbox", resource: dict[str, object]) -> httpx.Response:
    """Cancel an appointment in its first version."""
    headers = {"Authorization": f"Bearer {sandbox.token()}", "If-Match": 'W/"1"'}
    url = f"{sandbox.base_url}/Appointment/{resource['id']}"
    return httpx.put(url, json=builders.cancelled(resource), headers=headers, timeout=30)


def test_what_is_registered_is_read_everywhere(registry_sandbox: "RemoteSandbox") -> None:
    """By FHIR and by the control plane."""
    registered = registry_sandbox.register()
    assert [read(registry_sandbox, registered["id"]).status_code for _ in range(_TIMES)] == [200] * _TIMES
    assert all(registry_sandbox.appointments[registered["id"]] for _ in range(_TIMES))


def test_a_fault_fires_as_often_as_it_says(registry_sandbox: "RemoteSandbox") -> None:
    """In all, and not in each replica."""
    fault = registry_sandbox.fault("read:500@x2")
    registered = registry_sandbox.register()
    statuses = [read(registry_sandbox, registered["id"]).status_code for _ in range(_TIMES)]
    assert statuses == [500, 500] + [200] * (_TIMES - 2)
    assert fault.fired == 2


def test_the_clock_is_one(registry_sandbox: "RemoteSandbox") -> None:
    """Frozen by one call, it is frozen everywhere."""
    registry_sandbox.clock.set("2019-01-18T09:00:00Z")
    registry_sandbox.clock.freeze()
    assert len({registry_sandbox.clock.now for _ in range(_TIMES)}) == 1


def test_the_journal_has_the_exchanges_of_all(registry_sandbox: "RemoteSandbox") -> None:
    """In the order in which they ended, whoever is asked."""
    registered = registry_sandbox.register()
    for _ in range(_TIMES):
        read(registry_sandbox, registered["id"])
    read(registry_sandbox, "nothing")
    assert all(registry_sandbox.journal.statuses() == [200] * _TIMES + [404] for _ in range(_TIMES))


def test_a_held_exchange_is_released_from_anywhere(registry_sandbox: "RemoteSandbox") -> None:
    """It waits in one replica; who lists and releases it may ask another."""
    registered = registry_sandbox.register()
    answers: list[int] = []
    with registry_sandbox.hold("cancel") as hold:
        waiting = threading.Thread(target=lambda: answers.append(cancel(registry_sandbox, registered).status_code))
        waiting.start()
        hold.wait(1)
        assert read(registry_sandbox, registered["id"]).json()["status"] == "booked"
        hold.release()
        waiting.join(30)
    assert answers == [200]


def test_a_snapshot_is_returned_to_everywhere(registry_sandbox: "RemoteSandbox") -> None:
    """What was cancelled is booked again, whoever is asked."""
    registered = registry_sandbox.register()
    with registry_sandbox.snapshot():
        assert cancel(registry_sandbox, registered).status_code == 200
    assert {read(registry_sandbox, registered["id"]).json()["status"] for _ in range(_TIMES)} == {"booked"}


def test_a_reset_is_one_for_all(registry_sandbox: "RemoteSandbox") -> None:
    """What was registered before is nowhere."""
    registered = registry_sandbox.register()
    registry_sandbox.reset()
    assert {read(registry_sandbox, registered["id"]).status_code for _ in range(_TIMES)} == {404}


def test_the_verdict_is_about_all_exchanges(registry_sandbox: "RemoteSandbox") -> None:
    """However they were spread."""
    registered = registry_sandbox.register()
    for _ in range(_TIMES):
        read(registry_sandbox, registered["id"])
    assert len({registry_sandbox.verdict().text for _ in range(3)}) == 1


@pytest.mark.parametrize("number", range(4))
def test_a_workspace_is_of_one_test(registry_sandbox: "RemoteSandbox", number: int) -> None:
    """Whichever replica made it: each begins with what the others begin with."""
    before = len(registry_sandbox.appointments)
    with registry_sandbox.workspace(clock="2019-01-18T09:00:00Z") as other:
        for _ in range(number):
            other.register()
        assert len(other.appointments) == before + number
    assert len(registry_sandbox.appointments) == before
