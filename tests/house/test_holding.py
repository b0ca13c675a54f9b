"""hold: a test decides the order of a race, without a sleep."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from registry_sandbox.testing.holding import HeldTooFew
from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import BOOKED, NEW


@pytest.fixture(scope="module")
def running() -> Iterator[RegistrySandbox]:
    """A sandbox whose longest delay is longer than any test."""
    with RegistrySandbox(random_seed=3, max_delay=600) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RegistrySandbox) -> RemoteSandbox:
    """That sandbox, as at its start."""
    running.reset()
    return running


@pytest.fixture
def clients() -> Iterator[ThreadPoolExecutor]:
    """Threads for clients that wait."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


def cancel(sandbox: RemoteSandbox) -> httpx.Response:
    """Cancel by version 1, as it was read."""
    stored = {**sandbox.versions(BOOKED)[0], "status": "cancelled"}
    headers = {"Authorization": f"Bearer {sandbox.token()}", "If-Match": 'W/"1"'}
    return httpx.put(f"{sandbox.base_url}/Appointment/{BOOKED}", headers=headers, json=stored, timeout=30)


def read(sandbox: RemoteSandbox) -> httpx.Response:
    """Read."""
    headers = {"Authorization": f"Bearer {sandbox.token()}"}
    return httpx.get(f"{sandbox.base_url}/Appointment/{BOOKED}", headers=headers, timeout=30)


class TestRaces:
    """Two held cancels, released in either order."""

    @pytest.mark.parametrize("first", [0, 1])
    def test_who_is_released_first_wins(self, sandbox: RemoteSandbox, clients: ThreadPoolExecutor, first: int) -> None:
        """The other gets the 409: If-Match is judged after the release."""
        with sandbox.hold("cancel") as held:
            calls = []
            for count in (1, 2):
                calls.append(clients.submit(cancel, sandbox))
                exchanges = [each["exchange"] for each in held.wait(count)]
            assert held.release(exchanges[first]) == [exchanges[first]]
            assert calls[first].result().status_code == 200
            assert [each["exchange"] for each in held.exchanges] == [exchanges[1 - first]]
            held.release()
            assert calls[1 - first].result().status_code == 409

    def test_what_others_write_meanwhile_is_seen(self, sandbox: RemoteSandbox, clients: ThreadPoolExecutor) -> None:
        """The held cancel has looked nothing up yet."""
        with sandbox.hold("cancel", times=1) as held:
            late = clients.submit(cancel, sandbox)
            held.wait()
            assert cancel(sandbox).status_code == 200
            held.release()
            assert late.result().status_code == 409

    def test_with_commit_the_write_is_done_and_the_answer_waits(
        self, sandbox: RemoteSandbox, clients: ThreadPoolExecutor
    ) -> None:
        """Somebody else sees version 2 before the client knows of it."""
        with sandbox.hold("cancel", commit=True) as held:
            call = clients.submit(cancel, sandbox)
            held.wait()
            assert read(sandbox).headers["ETag"] == 'W/"2"'
            held.release()
            assert call.result().headers["ETag"] == 'W/"2"'

    def test_with_commit_a_refused_write_is_not_held(self, sandbox: RemoteSandbox) -> None:
        """And uses up no `times`."""
        with sandbox.hold("cancel", commit=True, times=1) as held:
            cancelled = {**sandbox.versions(BOOKED)[0], "status": "cancelled"}
            headers = {"Authorization": f"Bearer {sandbox.token()}", "If-Match": 'W/"7"'}
            url = f"{sandbox.base_url}/Appointment/{BOOKED}"
            assert httpx.put(url, headers=headers, json=cancelled).status_code == 409
            assert held.fired == 0

    def test_a_fault_beside_it_acts_after_the_release(
        self, sandbox: RemoteSandbox, clients: ThreadPoolExecutor
    ) -> None:
        """Held, then answered with 503."""
        fault = sandbox.fault("read:hold+503")
        call = clients.submit(read, sandbox)
        held = sandbox.control.json("GET", f"/faults/{fault.id}/held?wait=10s")["held"]
        assert len(held) == 1
        sandbox.control.json("POST", f"/faults/{fault.id}/release")
        assert call.result().status_code == 503


class TestWhoWaits:
    """The list of those that are held."""

    def test_it_says_who_waits_and_since_when(self, sandbox: RemoteSandbox, clients: ThreadPoolExecutor) -> None:
        """Without tokens, queries and bodies."""
        sandbox.clock.freeze("2031-01-01T12:00:00Z")
        with sandbox.hold(f"cancel/{BOOKED}") as held:
            call = clients.submit(cancel, sandbox)
            (waiting,) = held.wait()
            assert waiting == {
                "exchange": 1,
                "interaction": "update",
                "client": "sandbox-client",
                "method": "PUT",
                "path": f"/STU3/Appointment/{BOOKED}",
                "since": "2031-01-01T12:00:00.000+00:00",
            }
            (under_way,) = sandbox.journal.exchanges()
            assert (under_way["number"], under_way["state"]) == (waiting["exchange"], "held")
            held.release()
            assert held.exchanges == []
            call.result()

    def test_too_few_is_said(self, sandbox: RemoteSandbox) -> None:
        """With how many there are."""
        with sandbox.hold("cancel") as held, pytest.raises(HeldTooFew, match="0 exchanges are held by 'http-1'"):
            held.wait(timeout_s=0.01)

    @pytest.mark.parametrize(
        ("method", "path", "body", "status", "named"),
        [
            ("GET", "/faults/unknown/held", None, 404, "no fault with the id 'unknown'"),
            ("POST", "/faults/unknown/release", None, 404, "no fault with the id 'unknown'"),
            (
                "POST",
                "/faults/http-1/release",
                {"exchange": 7},
                409,
                "Exchange 7 is not held by 'http-1'; held are: none",
            ),
            ("POST", "/faults/http-1/release", {"exchange": 0}, 400, "release.exchange: 0 cannot be used"),
            ("POST", "/faults/http-1/release", {"all": True}, 400, '"all" is not known; expected exchange'),
            ("GET", "/faults/http-1/held?wait=often", None, 400, 'held.wait: "often" cannot be used'),
            ("GET", "/faults/http-1/held?wait=1s&count=0", None, 400, "held.count: 0 cannot be used"),
            ("GET", "/faults/http-1/held?until=1s", None, 400, "'until' is not known here; expected count, wait"),
        ],
    )
    def test_what_cannot_be_used_is_named(  # noqa: PLR0913, PLR0917 - the table's columns
        self, sandbox: RemoteSandbox, method: str, path: str, body: Any, status: int, named: str
    ) -> None:
        """A rule or an exchange that is not there, a value of another kind."""
        sandbox.hold("cancel")
        answer = httpx.request(method, f"{sandbox.control_url}{path}", json=body)
        assert answer.status_code == status
        assert named in answer.json()["error"]


class TestEnds:
    """A held exchange ends with its rule, a reset, a stop, or --max-delay."""

    @pytest.mark.parametrize("how", ["remove", "replace"])
    def test_the_end_of_the_rule_lets_it_go_on(
        self, sandbox: RemoteSandbox, clients: ThreadPoolExecutor, how: str
    ) -> None:
        """Whoever removes it need not know who waits."""
        held = sandbox.hold("cancel")
        call = clients.submit(cancel, sandbox)
        held.wait()
        if how == "remove":
            held.remove()
        else:
            sandbox.control.json("PUT", "/faults", {"faults": []})
        assert call.result().status_code == 200

    def test_a_reset_breaks_it_off_and_nothing_is_written(
        self, sandbox: RemoteSandbox, clients: ThreadPoolExecutor
    ) -> None:
        """The new state knows nothing of it."""
        held = sandbox.hold("register")
        headers = {"Authorization": f"Bearer {sandbox.token()}"}
        call = clients.submit(httpx.post, f"{sandbox.base_url}/Appointment", headers=headers, json=NEW, timeout=30)
        held.wait()
        before = len(sandbox.appointments)
        sandbox.reset()
        with pytest.raises(httpx.TransportError):
            call.result()
        assert len(sandbox.appointments) == before

    def test_waiting_for_it_ends_with_a_reset_too(self, sandbox: RemoteSandbox, clients: ThreadPoolExecutor) -> None:
        """Not with the minute that it may last."""
        held = sandbox.hold("cancel")
        waiting = clients.submit(httpx.get, f"{sandbox.control_url}/faults/{held.id}/held?wait=60s", timeout=30)
        while not waiting.done():
            sandbox.reset()
            sandbox.hold("read")
        assert waiting.result().status_code in (200, 404)

    def test_a_stop_breaks_it_off(self, clients: ThreadPoolExecutor) -> None:
        """At once, not after --max-delay."""
        with RegistrySandbox(max_delay=600) as sandbox:
            held = sandbox.hold("cancel")
            call = clients.submit(cancel, sandbox)
            held.wait()
        with pytest.raises(httpx.TransportError):
            call.result(timeout=30)

    def test_at_the_longest_delay_it_goes_on(self) -> None:
        """`sleep` stands in for waiting: it is over at once."""
        waited = []

        async def sleep(seconds: float) -> None:
            waited.append(seconds)
            await asyncio.sleep(0)

        with RegistrySandbox(max_delay=7, sleep=sleep, fault=("cancel:hold",)) as sandbox:
            assert cancel(sandbox).status_code == 200
        assert waited == [7]

    def test_after_the_release_nothing_goes_on_waiting(self, clients: ThreadPoolExecutor) -> None:
        """The wait for the longest delay ends with the hold."""
        ended, never = threading.Event(), [asyncio.Event()]  # kept, as a loop keeps its timers

        async def sleep(seconds: float) -> None:
            del seconds
            try:
                await never[0].wait()
            finally:
                ended.set()

        with RegistrySandbox(max_delay=600, sleep=sleep) as sandbox, sandbox.hold("cancel") as held:
            call = clients.submit(cancel, sandbox)
            held.wait()
            held.release()
            assert call.result().status_code == 200
            assert ended.wait(30)
