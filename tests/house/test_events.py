"""/_sandbox/events and `registry-sandbox tail`: what happens, as it happens."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from registry_sandbox.cli.tail import events, line
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import BOOKED

Next = Callable[[], tuple[str, dict[str, Any]]]


@pytest.fixture
def sandbox() -> Iterator[RegistrySandbox]:
    """A sandbox that stops with the test, at once, though its events are followed."""
    with RegistrySandbox(random_seed=1) as sandbox:
        yield sandbox


@contextmanager
def followed(sandbox: RegistrySandbox, **headers: str) -> Iterator[Next]:
    """Follow the events, and give what waits for the next one."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(timeout=10) as http, http.stream("GET", f"{sandbox.control_url}/events", headers=sent) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = answer.iter_lines()
        assert next(lines) == ": follow"
        coming = events(lines)
        yield lambda: next(coming)


def read(sandbox: RegistrySandbox, logical_id: str = BOOKED) -> int:
    """Read an appointment."""
    headers = {"Authorization": f"Bearer {sandbox.token()}"}
    return httpx.get(f"{sandbox.base_url}/Appointment/{logical_id}", headers=headers).status_code


class TestEvents:
    """GET /_sandbox/events."""

    def test_an_exchange_is_told_when_it_is_done(self, sandbox: RegistrySandbox) -> None:
        """With what it was about, and without secrets, headers and bodies."""
        with followed(sandbox) as following:
            read(sandbox)
            kind, told = following()
            assert kind == "exchange"
            assert {
                name: told[name] for name in ("number", "method", "path", "status", "ended", "state", "faults")
            } == {
                "number": 1,
                "method": "GET",
                "path": f"/STU3/Appointment/{BOOKED}",
                "status": 200,
                "ended": "whole",
                "state": "done",
                "faults": [],
            }
            assert "eyJ" not in json.dumps(told)
            read(sandbox, "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl")
            assert "c2lnbmF0dXJl" not in json.dumps(following())

    def test_one_that_could_wait_and_does_not_is_told_once(self, sandbox: RegistrySandbox) -> None:
        """A registration is done before anybody could be told that it waits."""
        with followed(sandbox) as following:
            headers = {"Authorization": f"Bearer {sandbox.token()}"}
            form = {"grant_type": "password"}
            for _ in range(2):
                httpx.request("PUT", f"{sandbox.base_url}/Appointment/none", headers=headers)
                httpx.post(sandbox.token_url, data=form)
            told = [following()[1] for _ in range(4)]
        done = [(each["number"], each["state"]) for each in told if each["state"] != "receiving"]
        assert done == [(number, "done") for number in range(1, len(done) + 1)]

    def test_one_that_waits_is_told_twice(self, sandbox: RegistrySandbox) -> None:
        """Once it waits, and when it is done."""
        with sandbox.hold("read") as held, followed(sandbox) as following:
            reading = threading.Thread(target=read, args=[sandbox])
            reading.start()
            held.wait()
            assert (following()[1]["state"], held.release()) == ("held", [1])
            kinds = [following() for _ in range(2)]
            reading.join()
        done = next(told for kind, told in kinds if kind == "exchange")
        assert (done["number"], done["state"], done["status"]) == (1, "done", 200)

    def test_changes_by_the_control_plane_are_told(self, sandbox: RegistrySandbox) -> None:
        """Faults and the clock with what they are now; a reset; nothing that was refused, nothing that only reads."""
        with followed(sandbox) as following:
            sandbox.control.json("GET", "/clock")
            httpx.put(f"{sandbox.control_url}/clock", json={"now": "tomorrow"})
            fault = sandbox.fault("read:503")
            kind, told = following()
            assert (kind, told["method"], told["path"], told["answer"]["id"]) == (
                "fault",
                "POST",
                "/_sandbox/faults",
                fault.id,
            )
            sandbox.clock.freeze("2031-01-01T09:00:00Z")
            assert following() == (
                "clock",
                {
                    "method": "PUT",
                    "path": "/_sandbox/clock",
                    "answer": {"now": "2031-01-01T09:00:00.000+00:00", "frozen": True},
                },
            )
            sandbox.register()
            assert following() == ("appointments", {"method": "POST", "path": "/_sandbox/appointments"})
            sandbox.reset()
            assert following() == ("reset", {"method": "POST", "path": "/_sandbox/reset"})

    def test_a_reader_that_comes_back_misses_nothing(self, sandbox: RegistrySandbox) -> None:
        """By Last-Event-ID."""
        with followed(sandbox) as following:
            read(sandbox)
            following()
        read(sandbox)
        with followed(sandbox, Last_Event_ID="1") as following:
            assert following()[1]["number"] == 2
        with followed(sandbox, Last_Event_ID="99") as following:
            assert following() == ("missed", {"after": 99})
        refused = httpx.get(f"{sandbox.control_url}/events", headers={"Last-Event-ID": "x"})
        assert (refused.status_code, "Last-Event-ID is 'x'" in refused.json()["error"]) == (400, True)

    def test_all_end_when_the_sandbox_stops(self) -> None:
        """The stream ends as a stream ends, not with a broken connection."""
        with RegistrySandbox(no_seed_data=True) as sandbox, followed(sandbox) as following:
            sandbox.stop()
            with pytest.raises(StopIteration):
                following()


class TestTail:
    """registry-sandbox tail."""

    @pytest.mark.parametrize("style", ["text", "json"])
    def test_it_prints_a_line_for_each_event(self, sandbox: RegistrySandbox, style: str) -> None:
        """And ends with 0 when the sandbox stops."""
        command = [sys.executable, "-m", "registry_sandbox", "tail", "--url", sandbox.base_url, "--format", style]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:  # noqa: S603 - our own Python
            assert tail.stdout is not None
            first = threading.Event()

            def until_followed() -> None:
                while not first.is_set():
                    sandbox.clock.advance("0s")

            asking = threading.Thread(target=until_followed)
            asking.start()
            begun = tail.stdout.readline()
            first.set()
            asking.join()
            sandbox.fault("read:503@x1")
            read(sandbox)
            sandbox.stop()
            last = tail.stdout.read().splitlines()[-1]
        assert tail.returncode == 0
        if style == "json":
            assert json.loads(begun)["event"] == "clock"
            assert json.loads(last)["status"] == 503
        else:
            assert begun.startswith("--- clock ")
            assert f"1 sandbox-client GET /STU3/Appointment/{BOOKED} 503 " in last
            assert last.endswith("faults: http-1")

    @pytest.mark.parametrize(
        ("changes", "shown"),
        [
            ({}, "09:00:00.000     7 - GET /x 200 1.5 ms"),
            ({"client": "me", "status": None, "ended": "lost"}, "09:00:00.000     7 me GET /x - lost 1.5 ms"),
            (
                {"state": "delayed", "status": None, "ended": "under way", "faults": ["slow", "b"]},
                "09:00:00.000     7 - GET /x - delayed ... faults: slow, b",
            ),
        ],
    )
    def test_a_line_says_what_happened(self, changes: dict[str, Any], shown: str) -> None:
        """An exchange that waits, one that was lost, one that is done."""
        told = {
            "number": 7,
            "at": "2031-01-01T09:00:00.000+00:00",
            "duration_s": 0.0015,
            "state": "done",
            "method": "GET",
            "path": "/x",
            "status": 200,
            "ended": "whole",
            "faults": [],
        }
        assert line("exchange", {**told, **changes}) == shown

    def test_it_says_where_nothing_answers(self) -> None:
        """In one line, with status 2."""
        command = [sys.executable, "-m", "registry_sandbox", "tail", "--url", "http://127.0.0.1:9"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own Python
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "does not answer" in done.stderr


class TestSummaries:
    """GET /_sandbox/journal?format=summary, and of appointments."""

    def test_a_summary_is_what_the_event_told(self, sandbox: RegistrySandbox) -> None:
        """With the query, and why it was refused; so a list can be loaded and then kept by events."""
        with followed(sandbox) as following:
            read(sandbox, "unknown?x=1")
            told = following()[1]
        listed = sandbox.control.json("GET", "/journal?format=summary")["exchanges"]
        one = sandbox.control.json("GET", "/journal/1?format=summary")
        assert listed == [told] == [one]
        assert told["query"] == "x=1"
        assert "There is no Appointment" in told["why"] or "x" in told["why"]
        assert "headers" not in json.dumps(told)

    def test_what_succeeds_has_no_reason(self, sandbox: RegistrySandbox) -> None:
        """Nor a query that was not there."""
        read(sandbox)
        (told,) = sandbox.control.json("GET", "/journal?format=summary")["exchanges"]
        assert "why" not in told
        assert "query" not in told

    def test_pages_are_read_from_the_newest_backwards(self, sandbox: RegistrySandbox) -> None:
        """By the number of the oldest one that is known."""
        for _ in range(5):
            read(sandbox)
        page = sandbox.control.json("GET", "/journal?format=summary&limit=2&before=4")["exchanges"]
        assert [each["number"] for each in page] == [2, 3]
        refused = httpx.get(f"{sandbox.control_url}/journal", params={"before": "soon"})
        assert (refused.status_code, "before is 'soon'" in refused.json()["error"]) == (400, True)

    def test_one_exchange_is_had_as_har(self, sandbox: RegistrySandbox) -> None:
        """An archive with a single entry."""
        read(sandbox)
        read(sandbox)
        (entry,) = sandbox.control.json("GET", "/journal/2?format=har")["log"]["entries"]
        assert entry["_number"] == 2

    @pytest.mark.parametrize("path", ["/journal", "/journal/1", "/appointments", f"/appointments/{BOOKED}"])
    def test_another_format_is_refused(self, sandbox: RegistrySandbox, path: str) -> None:
        """The message names the formats."""
        read(sandbox)
        refused = httpx.get(f"{sandbox.control_url}{path}", params={"format": "csv"})
        assert (refused.status_code, "format is 'csv'; expected json" in refused.json()["error"]) == (400, True)

    def test_appointments_are_summarised(self, sandbox: RegistrySandbox) -> None:
        """A few facts of the current version of each, in the order of registration; more than one part is one list."""
        stories = [
            {"id": f"many-{n}", "patient": "9991000011", "pointer": f"https://provider.example.test/{n}",
             "start": "+1d 09:30", "end": "+1d 09:40", "status": "booked", "created": "-1d 09:00"}
            for n in range(120)
        ]  # fmt: skip
        httpx.post(f"{sandbox.control_url}/appointments", json=stories).raise_for_status()
        whole = sandbox.control.json("GET", "/appointments")["appointments"]
        told = sandbox.control.json("GET", "/appointments?format=summary")
        assert told["total"] == len(whole) == len(told["appointments"])
        for summary, versions in zip(told["appointments"], (each["versions"] for each in whole), strict=True):
            current = versions[-1]
            assert (summary["id"], summary["versions"]) == (current["id"], len(versions))
            assert (summary["status"], summary["end"]) == (current["status"], current["end"])
            assert summary["updated"] == current["meta"]["lastUpdated"]
            assert summary["pointer"] == current["identifier"][0]["value"]
        assert sandbox.control.json("GET", f"/appointments/{BOOKED}?format=summary")["patients"] == ["9991000011"]
        assert sandbox.control.json("GET", "/appointments?format=summary&patient=9990000000&limit=1") == {
            "total": 0,
            "appointments": [],
        }
