"""The journal about time and ends: exchanges under way, answers that nobody took, and what a reset ends."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from registry_sandbox.testing import builders
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import BOOKED


class Gate:
    """Stands in for sleeping: an injected delay lasts until the test opens the gate."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.waiting = threading.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        """Wait for the gate, however long the delay would be."""
        del seconds
        self.waiting.release()
        await asyncio.to_thread(self.open.wait, 10)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate; it is open at the end, or its threads would keep Python waiting."""
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def sandbox(gate: Gate) -> Iterator[RegistrySandbox]:
    """A sandbox whose delays wait for the gate."""
    with RegistrySandbox(sleep=gate, random_seed=1) as sandbox:
        yield sandbox
        gate.open.set()


class Client:
    """A client that sends octets and can hang up."""

    def __init__(self, sandbox: RegistrySandbox) -> None:
        url = urlsplit(sandbox.base_url)
        self.socket = socket.create_connection((url.hostname or "", url.port or 0), timeout=10)
        self.head = f"Host: {url.netloc}\r\nAuthorization: Bearer {sandbox.token()}\r\n"

    def send(self, line: str, body: bytes = b"", length: int | None = None) -> None:
        """Send a request, with so much of its body as there is."""
        size = len(body) if length is None else length
        headers = f"{self.head}Content-Type: application/fhir+json\r\nContent-Length: {size}\r\n\r\n"
        self.socket.sendall(f"{line} HTTP/1.1\r\n{headers}".encode() + body)

    def hang_up(self) -> None:
        """Close the connection."""
        self.socket.close()

    def rest(self) -> bytes:
        """Everything that comes until the server closes the connection."""
        received = b""
        try:
            while part := self.socket.recv(65_536):
                received += part
        except ConnectionResetError:
            pass
        return received


@pytest.fixture
def client(sandbox: RegistrySandbox) -> Iterator[Client]:
    """A client, with a token."""
    client = Client(sandbox)
    yield client
    client.hang_up()


def eventually(sandbox: RegistrySandbox, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """Look into the journal until something holds of it: the server notices a hang-up in its own time."""
    exchanges: list[dict[str, Any]] = []
    for _ in range(2_000):
        exchanges = sandbox.control.json("GET", "/journal")["exchanges"]
        if holds(exchanges):
            return exchanges
    pytest.fail(f"it never held of {exchanges}")


def has_waited(exchanges: list[dict[str, Any]]) -> bool:
    """Whether a client has waited for so long that its hanging up cannot be the end of sending only."""
    return float(exchanges[0]["duration_s"]) > 0.1


def body() -> bytes:
    """An appointment to register."""
    return json.dumps(builders.appointment()).encode()


class TestUnderWay:
    """An exchange that waits is there at once."""

    def test_a_delayed_one_is_shown_before_it_is_answered(
        self, sandbox: RegistrySandbox, client: Client, gate: Gate
    ) -> None:
        """With its number, its times and its state; afterwards it is the same one, done."""
        sandbox.fault("read:delay=1s@x1")
        client.send(f"GET /STU3/Appointment/{BOOKED}")
        assert gate.waiting.acquire(timeout=10)
        [shown] = sandbox.control.json("GET", "/journal")["exchanges"]
        assert (shown["number"], shown["state"], shown["response"]) == (1, "delayed", None)
        assert shown["sent"] == {"body_bytes": 0, "ended": "under way"}
        assert shown["duration_s"] > 0
        assert shown["first_byte_s"] is None
        gate.open.set()
        [done] = eventually(sandbox, lambda exchanges: exchanges[0]["state"] == "done")
        assert (done["number"], done["response"]["status"], done["sent"]["ended"]) == (1, 200, "whole")
        assert done["duration_s"] >= done["first_byte_s"] >= shown["duration_s"]

    def test_a_body_that_is_still_coming_is_shown(self, sandbox: RegistrySandbox, client: Client) -> None:
        """As receiving; then it is registered."""
        whole = body()
        client.send("POST /STU3/Appointment", whole[:50], len(whole))
        [shown] = eventually(sandbox, bool)
        assert (shown["state"], shown["request"]["path"]) == ("receiving", "/STU3/Appointment")
        client.socket.sendall(whole[50:])
        [done] = eventually(sandbox, lambda exchanges: exchanges[0]["state"] == "done")
        assert done["response"]["status"] == 201

    def test_a_held_one_says_so(self, sandbox: RegistrySandbox, client: Client) -> None:
        """Until it is released."""
        with sandbox.hold("read") as held:
            client.send(f"GET /STU3/Appointment/{BOOKED}")
            held.wait()
            assert [each["state"] for each in sandbox.control.json("GET", "/journal")["exchanges"]] == ["held"]
            held.release()
        eventually(sandbox, lambda exchanges: exchanges[0]["state"] == "done")

    def test_a_hang_sends_until_the_client_gives_up(self, sandbox: RegistrySandbox, client: Client) -> None:
        """And then it is done, without an answer."""
        sandbox.fault("read:hang")
        client.send(f"GET /STU3/Appointment/{BOOKED}")
        [shown] = eventually(sandbox, lambda exchanges: [each["state"] for each in exchanges] == ["sending"])
        assert shown["response"] is None
        eventually(sandbox, has_waited)
        client.hang_up()
        [done] = eventually(sandbox, lambda exchanges: exchanges[0]["state"] == "done")
        assert (done["response"], done["first_byte_s"]) == (None, None)

    def test_the_order_is_that_of_their_beginnings(self, sandbox: RegistrySandbox, client: Client, gate: Gate) -> None:
        """One that ends late stays where it began, and can be found by its number."""
        sandbox.fault(f"read/{BOOKED}:delay=1s@x1")
        client.send(f"GET /STU3/Appointment/{BOOKED}")
        assert gate.waiting.acquire(timeout=10)
        httpx.get(f"{sandbox.base_url}/metadata")
        gate.open.set()
        done = eventually(sandbox, lambda exchanges: [each["state"] for each in exchanges] == ["done", "done"])
        assert [each["number"] for each in done] == [1, 2]
        assert [each["interaction"] for each in done] == ["read", "capabilities"]
        assert sandbox.control.json("GET", "/journal/1")["interaction"] == "read"


class TestLost:
    """A client that hung up has no answer, whatever was computed."""

    def test_a_read_that_nobody_waited_for(self, sandbox: RegistrySandbox, client: Client, gate: Gate) -> None:
        """No response, ended lost."""
        sandbox.fault("read:delay=1s")
        client.send(f"GET /STU3/Appointment/{BOOKED}")
        assert gate.waiting.acquire(timeout=10)
        eventually(sandbox, has_waited)
        client.hang_up()
        gate.open.set()
        [done] = eventually(sandbox, lambda exchanges: exchanges[0]["state"] == "done")
        assert (done["response"], done["sent"]) == (None, {"body_bytes": 0, "ended": "lost"})
        assert done["first_byte_s"] is None
        assert sandbox.journal.statuses() == [None]
        assert "written" not in done

    @pytest.mark.parametrize("fault", ["read:hang", "cancel:hang", "register:commit+hang"])
    def test_a_hang_that_the_client_ended(self, sandbox: RegistrySandbox, client: Client, fault: str) -> None:
        """It was the client that closed the connection, not the sandbox."""
        sandbox.fault(fault)
        line = {"read": f"GET /STU3/Appointment/{BOOKED}", "cancel": f"PUT /STU3/Appointment/{BOOKED}"}
        client.send(line.get(fault.partition(":")[0], "POST /STU3/Appointment"), b"" if "read" in fault else body())
        eventually(sandbox, lambda exchanges: [each["state"] for each in exchanges] == ["sending"])
        eventually(sandbox, has_waited)
        client.hang_up()
        [done] = eventually(sandbox, lambda exchanges: exchanges[0]["state"] == "done")
        assert (done["response"], done["sent"]["ended"], done["first_byte_s"]) == (None, "lost", None)
        assert ("written" in done) == ("commit" in fault)

    def test_a_token_that_nobody_waited_for(self, sandbox: RegistrySandbox, client: Client, gate: Gate) -> None:
        """The answers of the token endpoint are sent another way; the journal tells the same."""
        sandbox.fault("token:delay=1s")
        client.send("POST /oauth2/token", b"grant_type=client_credentials")
        assert gate.waiting.acquire(timeout=10)
        eventually(sandbox, has_waited)
        client.hang_up()
        gate.open.set()
        [done] = eventually(sandbox, lambda exchanges: exchanges[0]["state"] == "done")
        assert (done["response"], done["sent"]["ended"]) == (None, "lost")

    @pytest.mark.parametrize("fault", ["register:delay=1s", "register:commit+reset", "register:commit+503"])
    def test_a_write_that_happened_all_the_same_says_so(
        self, sandbox: RegistrySandbox, client: Client, gate: Gate, fault: str
    ) -> None:
        """With the version that was stored."""
        sandbox.fault(fault)
        client.send("POST /STU3/Appointment", body())
        if "delay" in fault:
            assert gate.waiting.acquire(timeout=10)
            eventually(sandbox, has_waited)
            client.hang_up()
            gate.open.set()
        [done] = eventually(sandbox, lambda exchanges: [each["state"] for each in exchanges] == ["done"])
        written = [f"Appointment/{each}/_history/1" for each in sandbox.appointments]
        assert done["written"] == written[-1]
        assert (done["response"] is None) == ("503" not in fault)


WAITS = {
    "delay": "register:delay=1s",
    "hang": "register:commit+hang",
    "hold": "register:hold",
    "committed hold": "register:commit+hold",
    "dribble": "register:dribble=5/10s",
}


class TestReset:
    """A reset ends what was under way."""

    @pytest.mark.parametrize("wait", [*WAITS, "slow body"])
    def test_nothing_of_before_is_written_or_journalled(
        self, sandbox: RegistrySandbox, client: Client, gate: Gate, wait: str
    ) -> None:
        """Whatever it waits for; its connection is closed."""
        if wait in WAITS:
            sandbox.fault(WAITS[wait])
            client.send("POST /STU3/Appointment", body())
        else:
            client.send("POST /STU3/Appointment", body()[:40], len(body()))
        eventually(sandbox, lambda exchanges: [each["state"] for each in exchanges] not in ([], ["working"]))
        sandbox.reset()
        before = list(sandbox.appointments)
        gate.open.set()
        client.rest()  # to the end of the connection: it is closed
        assert (list(sandbox.appointments), list(sandbox.journal)) == (before, [])

    def test_work_in_a_thread_is_not_used(self, sandbox: RegistrySandbox) -> None:
        """A large body that is read while the sandbox is reset is not registered afterwards."""
        large = json.dumps(builders.appointment(comment="x" * 900_000)).encode()
        headers = {"Authorization": f"Bearer {sandbox.token()}", "Content-Type": "application/fhir+json"}

        def register(_: int) -> None:
            with suppress(httpx.TransportError):
                httpx.post(f"{sandbox.base_url}/Appointment", content=large, headers=headers)

        seeded = list(sandbox.appointments)
        with ThreadPoolExecutor(4) as pool:
            for _ in range(5):
                running = [pool.submit(register, each) for each in range(4)]
                eventually(sandbox, bool)
                sandbox.reset()
                after = {each["number"] for each in sandbox.control.json("GET", "/journal")["exchanges"]}
                for each in running:
                    each.result()
                journal = sandbox.control.json("GET", "/journal")["exchanges"]
                assert len(sandbox.appointments) - len(seeded) == len(journal) >= len(after)
                sandbox.reset()

    def test_the_next_exchange_is_number_one(self, sandbox: RegistrySandbox, client: Client, gate: Gate) -> None:
        """The new journal begins anew."""
        sandbox.fault("read:delay=1s@x1")
        client.send(f"GET /STU3/Appointment/{BOOKED}")
        assert gate.waiting.acquire(timeout=10)
        sandbox.reset()
        httpx.get(f"{sandbox.base_url}/metadata")
        assert [each["number"] for each in sandbox.journal] == [1]
        assert sandbox.journal[0]["interaction"] == "capabilities"
