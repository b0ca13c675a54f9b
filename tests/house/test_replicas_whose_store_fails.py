"""What clients see while the store of replicas is paused, away, replaced or cut: 503 in time, and nothing invented."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from registry_sandbox.replication.valkey import ValkeyStore
from registry_sandbox.testing import builders
from registry_sandbox.testing.running import RegistrySandbox
from tests.stores import Server, a_server, relayed, running_server

IN_TIME_S = 2.0
LONG_S = 60
Pair = tuple[RegistrySandbox, RegistrySandbox]


@pytest.fixture
def server() -> Iterator[Server]:
    """A store that keeps everything over a restart."""
    with running_server(a_server(), lasting=True) as server:
        yield server


@pytest.fixture
def pair(server: Server) -> Iterator[Pair]:
    """Two replicas."""
    with RegistrySandbox(store=server.url) as one, RegistrySandbox(store=server.url) as other:
        yield one, other


def root(sandbox: RegistrySandbox) -> str:
    """Return the beginning of every URL of a replica."""
    return sandbox.base_url.removesuffix("/STU3")


class Caller:
    """A client of one replica that has a token already, and notes how long each answer took."""

    def __init__(self, sandbox: RegistrySandbox) -> None:
        self.root = root(sandbox)
        self._headers = {"Authorization": f"Bearer {sandbox.token()}", "Content-Type": "application/fhir+json"}
        self.longest_s = 0.0

    def __call__(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Call, and return the answer."""
        sent = None if body is None else json.dumps(body)
        url = f"{self.root}/{path}"
        answer = httpx.request(method, url, content=sent, headers=self._headers, trust_env=False, timeout=LONG_S)
        self.longest_s = max(self.longest_s, answer.elapsed.total_seconds())  # without the making of a client
        return answer

    def register(self) -> httpx.Response:
        """Register an appointment."""
        return self("POST", "STU3/Appointment", builders.appointment())


def registered(caller: Caller) -> str:
    """Register an appointment, and return its path."""
    answer = caller.register()
    assert answer.status_code == 201, answer.text
    return f"STU3/Appointment/{answer.json()['id']}"


@contextmanager
def paused(server: Server) -> Iterator[None]:
    """Let the store do nothing while the block runs."""
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


def mostly_in_time(attempt: Callable[[], float]) -> bool:
    """Return True if two of three attempts took less than two seconds: a machine may be busy for one of them."""
    return sorted(attempt() for _ in range(3))[1] < IN_TIME_S


def test_while_the_store_is_paused_nothing_is_answered_but_503(pair: Pair, server: Server) -> None:
    """In the form of the part that is called; then all goes on without a restart."""
    caller, others = Caller(pair[0]), [Caller(pair[0]) for _ in range(4)]
    path = registered(caller)
    with paused(server):
        read = caller("GET", path)
        with ThreadPoolExecutor(len(others)) as pool:
            calls = ("GET", "STU3/Appointment/nobody"), ("POST", "_sandbox/reset"), ("POST", "oauth2/token")
            waiting = [pool.submit(each, *call) for each, call in zip(others[1:], calls, strict=True)]
            register, nobody, reset, token = (each.result() for each in (pool.submit(others[0].register), *waiting))
        ready, live = caller("GET", "_sandbox/health/ready"), caller("GET", "_sandbox/health/live")
    assert [each.status_code for each in (read, register, nobody, reset, token, ready)] == [503] * 6
    assert read.json()["resourceType"] == register.json()["resourceType"] == "OperationOutcome"
    assert read.json()["issue"][0]["code"] == "transient"
    assert read.headers["Retry-After"] == "1"
    assert "does not answer" in reset.json()["error"]
    assert token.json()["error"] == "temporarily_unavailable"
    assert ready.json()["status"] == "not ready"
    assert (live.status_code, live.json()) == (200, {"status": "live"})
    assert _told(caller, path) == 200
    assert caller("GET", "_sandbox/health/ready").json() == {"status": "ready"}


def test_while_the_store_is_paused_the_503_comes_within_two_seconds(pair: Pair, server: Server) -> None:
    """Whatever is called, of many at a time; then health is told as fast."""
    path = registered(Caller(pair[0]))
    calls = ("GET", path), ("GET", "STU3/Appointment/nobody"), ("POST", "_sandbox/reset"), ("POST", "oauth2/token")

    def longest_s() -> float:
        callers = [Caller(pair[0]) for _ in range(5)]
        with paused(server), ThreadPoolExecutor(len(callers)) as pool:
            waiting = [pool.submit(each, *call) for each, call in zip(callers[1:], calls, strict=True)]
            answers = [each.result() for each in (pool.submit(callers[0].register), *waiting)]
            answers += [callers[0]("GET", f"_sandbox/health/{each}") for each in ("ready", "live")]
        assert [each.status_code for each in answers] == [503] * 6 + [200]
        _until_ready(*callers)
        return max(each.longest_s for each in callers)

    assert mostly_in_time(longest_s)


def test_a_pause_that_is_short_is_only_waited_for(pair: Pair, server: Server) -> None:
    """Every client is answered as if nothing had been, once."""
    callers = [Caller(each) for each in pair * 5]
    with ThreadPoolExecutor(len(callers)) as pool:
        with paused(server):
            answers = [pool.submit(each.register) for each in callers]
            time.sleep(0.2)
        statuses = [each.result().status_code for each in answers]
    assert statuses == [201] * 10
    assert callers[0]("GET", "_sandbox/health").json()["journal"]["exchanges"] == 10


def test_a_store_whose_every_answer_is_late_is_waited_for(server: Server) -> None:
    """As on a machine with too much to do: a call that comes to its end is no failure, however often it is so late."""
    with relayed(server.port) as relay:
        url = f"valkey://127.0.0.1:{relay.port}/0"
        with RegistrySandbox(store=url) as sandbox:
            caller = Caller(sandbox)
            path = registered(caller)
            assert [caller("GET", path).status_code for _ in range(20)] == [200] * 20  # its connections are made now
            relay.answers_after_s = 0.72
            # Two calls in a row leave a third of a second, which a busy machine may take.
            assert 200 in [caller("GET", path).status_code for _ in range(3)]
            relay.answers_after_s = 0.0


def test_whoever_comes_while_a_call_hangs_waits_no_longer_than_the_first(pair: Pair, server: Server) -> None:
    """Each has its 503 in time, by its own clock."""

    def longest_s() -> float:
        callers = [Caller(pair[0]) for _ in range(4)]
        with paused(server), ThreadPoolExecutor(len(callers)) as pool:
            answers = []
            for each in callers:
                answers.append(pool.submit(each, "GET", "STU3/Appointment/nobody"))
                time.sleep(0.4)
            assert [each.result().status_code for each in answers] == [503] * 4
        _until_ready(*callers)
        return max(each.longest_s for each in callers)

    assert mostly_in_time(longest_s)


def test_a_store_that_died_comes_back_with_what_was_answered(pair: Pair, server: Server) -> None:
    """503 until then; and nothing that was refused is there."""
    caller, other = Caller(pair[0]), Caller(pair[1])
    path = registered(caller)
    before = caller("GET", "_sandbox/health").json()["appointments"]
    server.stop()
    assert [caller("GET", path).status_code, caller.register().status_code] == [503, 503]
    assert caller.longest_s < IN_TIME_S
    server.restart()
    _until_ready(caller, other)
    assert [each("GET", path).status_code for each in (caller, other)] == [200, 200]
    assert [each("GET", "_sandbox/health").json()["appointments"] for each in (caller, other)] == [before] * 2
    assert registered(other)


def test_a_store_that_was_emptied_is_begun_anew_by_all(pair: Pair, server: Server) -> None:
    """Both are as at the start, and agree from then on; the old token is good, since the key is the same."""
    caller, other = Caller(pair[0]), Caller(pair[1])
    seeds = caller("GET", "_sandbox/health").json()["appointments"]
    path = registered(caller)
    _empty(server)
    assert [_told(each, path) for each in (caller, other)] == [404, 404]
    assert [each("GET", "_sandbox/health").json()["appointments"] for each in (caller, other)] == [seeds] * 2
    again = registered(other)
    assert caller("GET", again).status_code == 200


def test_a_store_that_lost_its_newest_part_is_noticed(pair: Pair, server: Server) -> None:
    """As after a failover: every replica is what the store has, whatever it had applied."""
    caller, other = Caller(pair[0]), Caller(pair[1])
    kept, lost = registered(caller), registered(caller)
    assert other("GET", lost).status_code == 200
    _lose_last(server)
    for each in (caller, other):
        assert [_told(each, path) for path in (kept, lost)] == [200, 404]


def _told(caller: Caller, path: str) -> int:
    """Return the status of a read; on a busy machine a replica that begins anew says 503 first."""
    until = time.monotonic() + LONG_S
    while (status := caller("GET", path).status_code) == 503 and time.monotonic() < until:
        pass
    return status


def _until_ready(*callers: Caller) -> None:
    until = time.monotonic() + LONG_S
    while time.monotonic() < until:
        if all(each("GET", "_sandbox/health/ready").status_code == 200 for each in callers):
            return
        time.sleep(0.05)
    raise AssertionError("the replicas did not find their store again")


def _command(server: Server, *words: str) -> Any:
    import redis

    with redis.Redis.from_url(server.url.replace("valkey", "redis")) as client:
        return client.execute_command(*words)


def _empty(server: Server) -> None:
    _command(server, "FLUSHDB")


def _lose_last(server: Server) -> None:
    stream = ValkeyStore(server.url).entries
    last = _command(server, "XREVRANGE", stream, "+", "-", "COUNT", "1")
    _command(server, "XDEL", stream, last[0][0])
