"""`--rate-limit` is one budget for all replicas, to the request."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import pytest

from tests.house.template import Template
from tests.replicas.processes import Process
from tests.replicas.three import call, three

ALLOWED = 40
READ = "/STU3/metadata"


@pytest.fixture(scope="module")
def running(template: Template) -> Iterator[list[Process]]:
    """Three replicas, for the whole module."""
    limit = ("--rate-limit", f"{ALLOWED}/h", "--clock", "2031-01-01T12:00:00Z", "--clock-frozen")
    with three(template, *limit) as replicas:
        yield replicas


@pytest.fixture
def replicas(running: list[Process]) -> list[Process]:
    """Three replicas, as they are at their start."""
    assert call(running[0], "POST", "/_sandbox/reset").status_code == 200
    return running


def token(one: Process, client: str = "sandbox-client") -> dict[str, str]:
    """Return the headers of a client's requests: to one name, as a balancer has it, because the token is for that."""
    host = {"Host": "localhost:8080"}
    made = call(one, "GET", f"/_sandbox/token?client={client}", headers=host).text.strip()
    return {**host, "Authorization": f"Bearer {made}"}


def statuses(replicas: list[Process], many: int, headers: dict[str, str]) -> Counter[int]:
    """Send so many requests at the same time, to one replica after the other, and count the statuses."""

    def status(one: Process) -> int:
        # On a busy machine the store may be late once: then nothing was done, and nothing was counted.
        told = (call(one, "GET", READ, headers=headers).status_code for _ in range(3))
        return next((each for each in told if each != 503), 503)

    with ThreadPoolExecutor(12) as pool:
        return Counter(pool.map(status, islice(cycle(replicas), many)))


def test_as_many_are_allowed_as_the_limit_says_wherever_they_come(replicas: list[Process]) -> None:
    """Not one more, though they come to all replicas at the same time; the next is refused by each."""
    headers = token(replicas[0])
    assert statuses(replicas, ALLOWED + 20, headers) == {200: ALLOWED, 429: 20}
    for each in replicas:
        refused = call(each, "GET", READ, headers=headers)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")


def test_the_limit_is_reached_to_the_request(replicas: list[Process]) -> None:
    """The last that is allowed comes to one replica, and the first that is not to another."""
    headers = token(replicas[0])
    answered = [call(each, "GET", READ, headers=headers).status_code for each in islice(cycle(replicas), ALLOWED + 3)]
    assert answered == [200] * ALLOWED + [429] * 3


def test_each_client_has_its_own_budget(replicas: list[Process]) -> None:
    """And the control plane is nobody's."""
    assert statuses(replicas, ALLOWED + 1, token(replicas[0])) == {200: ALLOWED, 429: 1}
    assert statuses(replicas, ALLOWED + 1, token(replicas[1], "sandbox-reader")) == {200: ALLOWED, 429: 1}
    assert call(replicas[2], "GET", "/_sandbox/health").status_code == 200


def test_the_next_window_is_one_for_all(replicas: list[Process]) -> None:
    """It begins when the clock says so, which any replica may move."""
    headers = token(replicas[0], "sandbox-client")
    assert statuses(replicas, ALLOWED, headers) == {200: ALLOWED}
    call(replicas[1], "PUT", "/_sandbox/clock", {"advance": "3599s"})
    assert statuses(replicas, 3, headers) == {429: 3}
    call(replicas[2], "PUT", "/_sandbox/clock", {"advance": "1s"})
    assert statuses(replicas, ALLOWED + 2, token(replicas[0])) == {200: ALLOWED, 429: 2}


def test_a_replica_that_was_killed_brings_no_new_budget(replicas: list[Process]) -> None:
    """It counts on from what all have counted."""
    headers = token(replicas[0])
    assert statuses(replicas, ALLOWED - 1, headers) == {200: ALLOWED - 1}
    replicas[0].kill()
    replicas[0].start()
    assert statuses([replicas[0]], 2, headers) == {200: 1, 429: 1}
    assert statuses(replicas, 3, headers) == {429: 3}
