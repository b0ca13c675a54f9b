"""The journal as tests read it: fetched once, honest about what was dropped, with what tests ask of an exchange."""

from typing import Any

import httpx
import pytest

from registry_sandbox.testing import builders
from registry_sandbox.testing.control import Control
from registry_sandbox.testing.exchange import Exchange
from registry_sandbox.testing.journal import ExchangesDropped, Journal
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import BOOKED, until


class Counting(Control):
    """A control client that notes the paths of its calls."""

    __slots__ = ("paths",)

    def text(self, method: str, path: str, body: Any = None) -> str:
        """Call, and note the path."""
        self.paths: list[str] = [*getattr(self, "paths", []), path]
        return super().text(method, path, body)

    def __setattr__(self, name: str, value: Any) -> None:
        """Let the note be changed; the client itself is frozen."""
        object.__setattr__(self, name, value)


def test_looking_at_exchanges_many_times_is_one_call(sandbox: RegistrySandbox, http: httpx.Client) -> None:
    """A finished one does not change; the next fetch asks only for what has come since."""
    for _ in range(20):
        http.get("/metadata")
    control = Counting(sandbox.control_url)
    journal = Journal(control)
    assert [journal[0]["number"] for _ in range(20)] == [1] * 20
    assert [journal[at]["number"] for at in range(20)] == [*range(1, 21)]
    assert control.paths == ["/journal"]
    http.get("/metadata")
    assert journal[-1]["number"] == 21
    assert control.paths == ["/journal", "/journal?since=20"]


def test_a_reset_by_somebody_else_is_noticed(sandbox: RegistrySandbox, http: httpx.Client) -> None:
    """At the next fetch, what was known is forgotten."""
    http.get("/metadata")
    assert sandbox.journal[0]["interaction"] == "capabilities"
    sandbox.control.json("POST", "/reset")
    assert list(sandbox.journal) == []
    http.get(f"/Appointment/{BOOKED}")
    assert sandbox.journal[0]["interaction"] == "read"


def test_one_under_way_is_fetched_again(sandbox: RegistrySandbox, http: httpx.Client) -> None:
    """It is not taken for what it will be."""
    with sandbox.hold("read") as held:
        sandbox.control.json("GET", "/clock")
        reading = _in_a_thread(lambda: http.get(f"/Appointment/{BOOKED}"))
        held.wait()
        assert (sandbox.journal[0].done, sandbox.journal[0].status) == (False, None)
        assert "[held]" in str(sandbox.journal[0])
        held.release()
        reading.join()
    until(lambda: sandbox.journal[0].done)
    assert sandbox.journal.statuses() == [200]


def _in_a_thread(act: Any) -> Any:
    import threading

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_what_was_dropped_is_told() -> None:
    """By `dropped`, the representation, and a warning of `len`."""
    with RegistrySandbox(journal_size=2, no_seed_data=True) as small:
        for _ in range(5):
            httpx.get(f"{small.base_url}/metadata", trust_env=False)
        assert small.journal.dropped == 3
        assert repr(small.journal).startswith("Journal of 2 exchanges, and 3 older ones that were dropped\n")
        with pytest.warns(ExchangesDropped, match="3 older exchanges were dropped"):
            assert len(small.journal) == 2


def test_what_is_not_there_is_told_with_what_is(sandbox: RegistrySandbox, http: httpx.Client) -> None:
    """An index too large shows the journal."""
    http.get("/metadata")
    with pytest.raises(
        IndexError, match=r"there is no exchange 1\. Journal of 1 exchanges\n  GET /STU3/metadata -> 200"
    ):
        sandbox.journal[1]


@pytest.mark.parametrize("wanted", ["json", "xml"])
def test_resources_are_at_hand_in_either_format(sandbox: RegistrySandbox, http: httpx.Client, wanted: str) -> None:
    """As FHIR's JSON: what was sent, what was answered, and what an outcome says."""
    sent = builders.appointment(status="cancelled")
    body = builders.as_xml(sent) if wanted == "xml" else httpx.Request("POST", "http://x.test", json=sent).content
    headers = {"Content-Type": f"application/fhir+{wanted}"}
    http.post("/Appointment", content=body, headers=headers)
    http.post("/Appointment", content=body.replace(b"cancelled", b"lost"), headers=headers)
    registered, refused = sandbox.journal
    assert registered.sent_resource["status"] == registered.resource["status"] == "cancelled"
    assert (registered.outcome, registered.diagnostics) == (None, [])
    assert refused.outcome is not None
    assert "lost" in refused.diagnostics[0]
    if wanted == "json":
        assert registered.json()["id"] == registered["id"]
    else:
        with pytest.raises(ValueError, match="the body of the answer is no JSON"):
            registered.json()


def test_an_error_of_the_token_endpoint_is_told(sandbox: RegistrySandbox) -> None:
    """Which has an error of its own kind."""
    httpx.post(sandbox.token_url, data={"grant_type": "password"}, trust_env=False)
    [exchange] = sandbox.journal
    assert exchange.diagnostics == [exchange.json()["error_description"]]


def test_a_body_that_is_not_kept_whole_is_not_taken_for_one() -> None:
    """The journal shows the beginning of a long body."""
    asked = {"method": "GET", "path": "/x"}
    cut = Exchange(
        request=asked, response={"status": 200, "body": "[1, ... (99 bytes)"}, state="done", faults=[], sent={}
    )
    for read in (cut.json, lambda: cut.resource):
        with pytest.raises(ValueError, match="only the beginning of a body"):
            read()
    none = Exchange(request=asked, response=None, state="done", faults=["f"], sent={"ended": "reset"})
    assert (none.outcome, none.diagnostics, none.status) == (None, [], None)
    assert str(none) == "GET /x -> no answer (reset)   faults: f"
