"""The sentinels, with nothing configured: each meets its fault, on its interaction and no other."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import Faulty


@pytest.fixture
def faulty(running: RegistrySandbox) -> Iterator[Faulty]:
    """A sandbox as at its start."""
    with Faulty(running.base_url, running.control_url) as faulty:
        faulty.begin()
        yield faulty
        faulty.control.post("/reset")


def cancel(faulty: Faulty, resource: dict[str, Any], version: int) -> int:
    """Cancel, and give the status."""
    headers = {"Authorization": f"Bearer {faulty.token}", "If-Match": f'W/"{version}"'}
    headers["Content-Type"] = "application/fhir+json"
    body = {**resource, "status": "cancelled"}
    return httpx.put(f"{faulty.base}/Appointment/{resource['id']}", headers=headers, json=body).status_code


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_read(faulty: Faulty, status: int) -> None:
    """Of the appointment that is seeded for it."""
    headers = {"Authorization": f"Bearer {faulty.token}"}
    url = f"{faulty.base}/Appointment/sentinel-read-{status}"
    assert httpx.get(url, headers=headers).status_code == status
    assert httpx.get(f"{url}/_history/1", headers=headers).status_code == 200


@pytest.mark.parametrize("status", [400, 403, 404, 412, 422, 500])
def test_a_cancel(faulty: Faulty, status: int) -> None:
    """Nothing is changed, and a read is not concerned."""
    seeded = faulty.versions(f"sentinel-cancel-{status}")[0]
    assert cancel(faulty, seeded, 1) == status
    assert len(faulty.versions(seeded["id"])) == 1
    headers = {"Authorization": f"Bearer {faulty.token}"}
    assert httpx.get(f"{faulty.base}/Appointment/{seeded['id']}", headers=headers).status_code == 200


@pytest.mark.parametrize("interaction", ["read", "search"])
def test_too_many_requests_are_refused_once(faulty: Faulty, interaction: str) -> None:
    """429 with Retry-After; whoever comes again is answered, and nobody else has used it up."""
    seeded = faulty.versions(f"sentinel-{interaction}-429")[0]
    number = seeded["participant"][0]["actor"]["identifier"]["value"]
    search = f"?patient.identifier=https://fhir.nhs.uk/Id/nhs-number|{number}"
    url = f"{faulty.base}/Appointment" + (f"/{seeded['id']}" if interaction == "read" else search)
    reader = faulty.control.get("/token?client=sandbox-reader").text.strip()
    answers = [
        httpx.get(url, headers={"Authorization": f"Bearer {token}"}) for token in (faulty.token, faulty.token, reader)
    ]
    assert [each.status_code for each in answers] == [429, 200, 429]
    assert answers[0].headers["Retry-After"] == "1"


def test_the_conflict_is_a_race_that_a_retry_wins(faulty: Faulty) -> None:
    """409 with version 2 in the history; the next attempt, with version 2, succeeds."""
    seeded = faulty.versions("sentinel-cancel-409")[0]
    assert cancel(faulty, seeded, 1) == 409
    now = faulty.versions("sentinel-cancel-409")[-1]
    assert cancel(faulty, now, 2) == 200


def test_a_lost_cancel_is_done(faulty: Faulty) -> None:
    """The connection is reset, and version 2 exists."""
    seeded = faulty.versions("sentinel-cancel-lost")[0]
    with pytest.raises(httpx.ReadError):
        cancel(faulty, seeded, 1)
    assert faulty.versions("sentinel-cancel-lost")[-1]["status"] == "cancelled"


@pytest.mark.parametrize("status", [400, 403, 422, 500])
def test_a_registration(faulty: Faulty, status: int) -> None:
    """By the number in the body, in XML as in JSON, escaped or not."""
    seeded = faulty.versions(f"sentinel-register-{status}")[0]
    body = {name: value for name, value in seeded.items() if name not in ("id", "meta")}
    headers = {"Authorization": f"Bearer {faulty.token}", "Content-Type": "application/fhir+json"}
    number = seeded["participant"][0]["actor"]["identifier"]["value"]
    plain = httpx.Request("POST", faulty.base, json=body).content
    escaped = plain.replace(number.encode(), f"99\\u0039{number[3:]}".encode())
    for content in (plain, escaped):
        assert httpx.post(f"{faulty.base}/Appointment", headers=headers, content=content).status_code == status


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_search(faulty: Faulty, status: int) -> None:
    """By GET and by POST, percent-encoded or not."""
    seeded = faulty.versions(f"sentinel-search-{status}")[0]
    number = seeded["participant"][0]["actor"]["identifier"]["value"]
    headers = {"Authorization": f"Bearer {faulty.token}"}
    for written in (number, f"99%39{number[3:]}"):
        query = f"patient.identifier=https://fhir.nhs.uk/Id/nhs-number|{written}"
        assert httpx.get(f"{faulty.base}/Appointment?{query}", headers=headers).status_code == status
        form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        posted = httpx.post(f"{faulty.base}/Appointment/_search", headers=form, content=query)
        assert posted.status_code == status


def test_they_can_be_turned_off() -> None:
    """--no-sentinels."""
    with (
        RegistrySandbox(random_seed=1, no_sentinels=True) as running,
        Faulty(running.base_url, running.control_url) as faulty,
    ):
        faulty.begin()
        headers = {"Authorization": f"Bearer {faulty.token}"}
        assert httpx.get(f"{faulty.base}/Appointment/sentinel-read-500", headers=headers).status_code == 200
