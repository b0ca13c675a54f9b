"""/_sandbox/verdict over HTTP: asked for, filtered, attested, and gone with the reset."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from registry_sandbox.testing import builders
from registry_sandbox.testing.running import RegistrySandbox
from registry_sandbox.verdict.reports import MEDIA_TYPES

SHOWN = "an-operationoutcome-is-shown-to-somebody"
IF_MATCH = "every-update-carries-if-match"
GETS = "the-same-get-is-not-repeated-within-seconds-without-need"


@pytest.fixture(scope="module")
def _running() -> Iterator[RegistrySandbox]:
    with RegistrySandbox(random_seed=1) as running:
        yield running


@pytest.fixture
def running(_running: RegistrySandbox) -> RegistrySandbox:
    """A sandbox in which nothing has happened."""
    _running.reset()
    return _running


def client_of(running: RegistrySandbox, name: str = "sandbox-client") -> httpx.Client:
    """Return a client with a token."""
    token = httpx.get(f"{running.control_url}/token", params={"client": name}).text
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    return httpx.Client(base_url=running.base_url, headers=headers)


def verdict(running: RegistrySandbox, **query: Any) -> dict[str, Any]:
    """Return the verdict in JSON."""
    answered: dict[str, Any] = httpx.get(f"{running.control_url}/verdict", params=query).raise_for_status().json()
    return answered


def grade(report: dict[str, Any], rule: str) -> str:
    """Return the grade of a rule."""
    (found,) = [each["grade"] for each in report["rules"] if each["id"] == rule]
    return str(found)


def test_it_tells_what_a_client_did(running: RegistrySandbox) -> None:
    """A cancel by the book passes; one without If-Match fails, and names its exchange."""
    with client_of(running) as client:
        created = client.post("/Appointment", json=builders.appointment()).json()
        answer = client.put(f"/Appointment/{created['id']}", json=builders.cancelled(created))
        assert answer.status_code == 412
        again = client.put(
            f"/Appointment/{created['id']}", json=builders.cancelled(created), headers={"If-Match": 'W/"1"'}
        )
        assert again.status_code == 200
    report = verdict(running)
    assert (report["clients"], report["summary"]["failed"]) == (["sandbox-client"], 1)
    (finding,) = report["findings"]
    assert (finding["rule"], finding["grade"], finding["exchanges"]) == (IF_MATCH, "fail", [2])
    assert report["exchanges"]["2"]["response"]["status"] == 412
    assert grade(report, "what-is-sent-back-is-what-was-read") == "pass"


def test_a_lost_answer_of_a_real_connection_is_unknown(running: RegistrySandbox) -> None:
    """Register again after a reset, without a look: a duplicate."""
    httpx.post(f"{running.control_url}/faults", json="register:commit+reset@x1").raise_for_status()
    with client_of(running) as client:
        with pytest.raises(httpx.HTTPError):
            client.post("/Appointment", json=builders.appointment())
        assert client.post("/Appointment", json=builders.appointment()).status_code == 201
    report = verdict(running)
    assert grade(report, "an-unknown-outcome-of-a-register-makes-no-duplicate") == "fail"
    assert "commit: true" in report["findings"][0]["replay"]


def test_requests_on_one_connection_are_of_one_run(running: RegistrySandbox) -> None:
    """Two connections without a common token may be two processes."""
    with httpx.Client() as client:
        for _ in range(2):
            client.get(f"{running.base_url}/metadata")
    assert grade(verdict(running), "metadata-is-read-once") == "warning"
    running.reset()
    for _ in range(2):
        httpx.get(f"{running.base_url}/metadata")
    assert grade(verdict(running), "metadata-is-read-once") == "inconclusive"
    assert grade(verdict(running, since=0), "metadata-is-read-once") == "warning"


def test_a_hand_on_the_sandbox_explains_a_repetition(running: RegistrySandbox) -> None:
    """A seed, a fault, a step of the clock: the same request may have another answer now."""
    with client_of(running) as client:
        for _ in range(2):
            client.get("/Appointment/none")
        httpx.post(f"{running.control_url}/faults", json="search:500@x1").raise_for_status()
        assert grade(verdict(running), "a-4xx-is-not-repeated-unchanged") == "warning"
        running.reset()
        client.get("/Appointment/none")
        httpx.post(f"{running.control_url}/faults", json="search:500@x1").raise_for_status()
        client.get("/Appointment/none")
    assert grade(verdict(running), "a-4xx-is-not-repeated-unchanged") == "pass"


def test_one_client_and_what_came_after(running: RegistrySandbox) -> None:
    """By name; by number, or by instant of the sandbox's clock."""
    with client_of(running) as client:
        client.put("/Appointment/booked-tomorrow", json={})
    with client_of(running, "sandbox-reader") as client:
        client.get("/Appointment/booked-tomorrow")
    assert verdict(running, client="sandbox-reader")["findings"] == []
    assert verdict(running, since=1)["clients"] == ["sandbox-reader"]
    assert verdict(running, since="2000-01-01T00:00:00Z")["clients"] == ["sandbox-client", "sandbox-reader"]
    assert verdict(running, since="2900-01-01T00:00:00Z")["clients"] == []


@pytest.mark.parametrize("wanted", MEDIA_TYPES)
def test_every_format_has_its_media_type(running: RegistrySandbox, wanted: str) -> None:
    """JSON where none is asked for."""
    answer = httpx.get(f"{running.control_url}/verdict", params={"format": wanted})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, dict(MEDIA_TYPES.items())[wanted])  # type: ignore[index]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"format": "pdf"}, "format is 'pdf'; expected text, json"),
        ({"since": "yesterday"}, "since is 'yesterday'; expected a number"),
        ({"clients": "x"}, "'clients' is not known here; expected client, since, format"),
    ],
)
def test_what_cannot_be_asked_is_named(running: RegistrySandbox, query: dict[str, str], told: str) -> None:
    """And what was expected."""
    answer = httpx.get(f"{running.control_url}/verdict", params=query)
    assert (answer.status_code, told in answer.json()["error"]) == (400, True)


def test_an_attestation_holds_until_the_reset(running: RegistrySandbox) -> None:
    """The last one of a rule is the one that counts."""
    for by in ("one", "another"):
        answer = httpx.post(f"{running.control_url}/verdict/attestations", json={"rule": SHOWN, "by": by})
        assert (answer.status_code, answer.json()) == (201, {"rule": SHOWN, "by": by, "note": ""})
    (found,) = [each for each in verdict(running)["rules"] if each["id"] == SHOWN]
    assert (found["grade"], found["message"]) == ("attested", "Attested by another.")
    running.reset()
    assert grade(verdict(running), SHOWN) == "not exercised"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"rule": IF_MATCH, "by": "me"}, f"'{IF_MATCH}' cannot be attested; expected {SHOWN}"),
        ({"rule": SHOWN}, "attestation: 'by' is missing"),
        ({"rule": SHOWN, "by": ""}, "expected 1 to 500 characters"),
        ({"rule": SHOWN, "by": "me", "why": "x"}, "why"),
        ([], "expected a mapping of rule, by, note"),
    ],
)
def test_what_cannot_be_attested_is_named(running: RegistrySandbox, body: Any, told: str) -> None:
    """What the sandbox sees itself is not for people to say."""
    answer = httpx.post(f"{running.control_url}/verdict/attestations", json=body)
    assert (answer.status_code, told in answer.json()["error"]) == (400, True)


def test_an_empty_journal_has_a_verdict_of_nothing(running: RegistrySandbox) -> None:
    """Nothing observed is no pass."""
    summary = verdict(running)["summary"]
    assert (summary["passed"], summary["failed"], summary["not_exercised"]) == (0, 0, len(verdict(running)["rules"]))
