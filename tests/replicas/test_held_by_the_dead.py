"""An exchange that is held ends with its replica: it leaves the list of the others, however the replica ended."""

import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.house.template import Template
from tests.replicas.processes import Process
from tests.replicas.three import call, three

LEAVES_WITHIN_S = 10.0
"""What docs/replicas.md says of a replica that is killed."""

BUSY_S = 20.0
"""For a machine that is busy; that the ten seconds are kept is held by test_presence, on a clock of its own."""

HELD = "/_sandbox/faults/h/held"
RULE = {"id": "h", "match": {"interaction": "read"}, "when": {"times": 1}, "then": {"hold": True}}
READ = "/STU3/Appointment/nobody"


@pytest.fixture(scope="module")
def running(template: Template) -> Iterator[list[Process]]:
    """Three replicas, for the whole module."""
    with three(template, "--auth", "off", "--max-delay", "600") as replicas:
        yield replicas


@pytest.fixture
def replicas(running: list[Process]) -> list[Process]:
    """Three replicas, as they are at their start, the first of which holds an exchange."""
    assert call(running[1], "POST", "/_sandbox/reset").status_code == 200
    call(running[1], "POST", "/_sandbox/faults", RULE)
    threading.Thread(target=_ends, args=(running[0],)).start()
    assert len(listed(running[1], "?wait=10s")) == 1
    assert len(listed(running[2])) == 1
    return running


def _ends(one: Process) -> None:
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        call(one, "GET", READ)


def listed(one: Process, query: str = "") -> list[int]:
    """Return the exchanges that a replica lists as held."""
    return [each["exchange"] for each in call(one, "GET", f"{HELD}{query}").json()["held"]]


def seconds_until(holds: Callable[[], bool], at_most: float) -> float:
    """Return how long it took until something held."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < at_most
        time.sleep(0.1)
    return time.monotonic() - began


def test_a_replica_that_is_killed_leaves_no_held_exchange_behind(replicas: list[Process]) -> None:
    """The others notice within the time that the page says, while the hold could last ten minutes."""
    dead, *others = replicas
    dead.kill()
    seconds_until(lambda: not any(listed(each) for each in others), LEAVES_WITHIN_S + BUSY_S)
    dead.start()
    assert listed(dead) == []
    refused = call(dead, "POST", "/_sandbox/faults/h/release", {"exchange": 1})
    assert refused.status_code == 409
    assert "held are: none" in refused.json()["error"]


def test_a_replica_that_is_stopped_says_so_at_once(replicas: list[Process]) -> None:
    """Nobody has to miss it."""
    stopped, *others = replicas
    stopped.stop()
    assert [listed(each) for each in others] == [[], []]
    stopped.start()


def test_an_exchange_is_held_on_while_others_die(replicas: list[Process]) -> None:
    """Its own replica lives, however long that takes."""
    replicas[2].kill()
    time.sleep(LEAVES_WITHIN_S)
    assert len(listed(replicas[1])) == 1
    replicas[2].start()
    assert len(listed(replicas[2])) == 1
    call(replicas[1], "POST", "/_sandbox/reset")
