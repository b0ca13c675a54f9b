"""The journal as a HAR 1.2 archive: valid by its schema, and true."""

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft6Validator  # type: ignore[import-untyped]  # it comes with check-jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT6

from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import BOOKED


@pytest.fixture
def archive(sandbox: RegistrySandbox) -> dict[str, Any]:
    """An archive of a token, a search, a refused registration in XML, and a read that got no answer."""
    form = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "grant_type": "client_credentials"}
    httpx.post(sandbox.token_url, data={**form, "scope": f"{sandbox.base_url}/.default"}).raise_for_status()
    headers = {"Authorization": f"Bearer {sandbox.token()}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers) as http:
        http.get("/Appointment", params={"Patient": "https://fhir.nhs.uk/Id/nhs-number|9990001111"})
        http.post("/Appointment", content=b"<Appointment/>", headers={"Content-Type": "application/fhir+xml"})
        sandbox.fault("read:reset")
        with pytest.raises(httpx.TransportError):
            http.get(f"/Appointment/{BOOKED}")
    answer = httpx.get(f"{sandbox.control_url}/journal", params={"format": "har"})
    archive: dict[str, Any] = answer.json()
    return archive


def test_it_is_valid(archive: dict[str, Any]) -> None:
    """By the schemas of the npm package har-schema, in the folder that HAR_SCHEMA names."""
    if "HAR_SCHEMA" not in os.environ:
        pytest.skip("HAR_SCHEMA names no folder with the schemas of har-schema (its lib)")
    files = Path(os.environ["HAR_SCHEMA"]).glob("*.json")
    schemas = [json.loads(file.read_bytes()) for file in files]
    known = [(each["$id"].rstrip("#"), Resource.from_contents(each, default_specification=DRAFT6)) for each in schemas]
    validator = Draft6Validator({"$ref": "har.json"}, registry=Registry().with_resources(known))
    assert [error.message for error in validator.iter_errors(archive)] == []
    assert len(known) > 10


def test_it_tells_what_happened(archive: dict[str, Any]) -> None:
    """Methods, URLs, statuses; 0 where there was no answer; what HAR has no field for begins with an underscore."""
    log = archive["log"]
    assert (log["version"], log["comment"]) == ("1.2", "the whole journal")
    token, search, register, read = log["entries"]
    assert [each["response"]["status"] for each in log["entries"]] == [200, 200, 400, 0]
    assert search["request"]["queryString"] == [
        {"name": "Patient", "value": "https://fhir.nhs.uk/Id/nhs-number|9990001111"}
    ]
    assert search["request"]["url"].endswith("Patient=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9990001111")
    assert register["request"]["postData"] == {"mimeType": "application/fhir+xml", "text": "<Appointment/>"}
    assert register["request"]["bodySize"] == len("<Appointment/>")
    assert (read["_faults"], read["_ended"], read["_number"]) == (["http-1"], "reset", 4)
    assert httpx.URL(read["request"]["url"]).path == f"/STU3/Appointment/{BOOKED}"
    assert all(each["time"] >= each["timings"]["wait"] >= 0 for each in log["entries"])
    assert token["response"]["content"]["mimeType"] == "application/json"


def test_every_url_is_one(sandbox: RegistrySandbox) -> None:
    """By RFC 3986, which the schema names, whatever a client sent: a bar, a token that is left out, a quote."""
    secret = sandbox.token()
    with httpx.Client() as http:
        for query in ("Patient=https://fhir.nhs.uk/Id/nhs-number|1", f"access_token={secret}", "a='\"[]^`{}\\"):
            url = httpx.URL(sandbox.base_url)
            http.send(httpx.Request("GET", url.copy_with(raw_path=f"/STU3/Appointment?{query}".encode())))
    for entry in json.loads(sandbox.journal.har())["log"]["entries"]:
        assert re.fullmatch(
            r"http://[0-9.:]+(/[\w-]+)+\?([\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})+", entry["request"]["url"]
        )


def test_it_holds_no_secret(archive: dict[str, Any]) -> None:
    """Neither the token that was handed out nor the client's secret."""
    told = json.dumps(archive)
    assert "sandbox-secret" not in told
    assert "eyJ" not in told


def test_filters_and_limit_hold_for_it_too(sandbox: RegistrySandbox) -> None:
    """It is the same list in another format; a long one is sent in slices."""
    with httpx.Client() as http:
        for _ in range(250):
            http.get(f"{sandbox.base_url}/metadata").raise_for_status()
        url = f"{sandbox.control_url}/journal"
        entries = http.get(url, params={"format": "har", "limit": "3", "status": "200"}).json()["log"]["entries"]
        assert [each["_number"] for each in entries] == [248, 249, 250]
        for params in ({}, {"format": "har"}):
            answer = http.get(url, params=params)
            assert answer.headers["Transfer-Encoding"] == "chunked"
            listed = answer.json()
            assert len(listed.get("exchanges") or listed["log"]["entries"]) == 250
        assert http.head(url).status_code == 200


def test_what_was_dropped_is_told() -> None:
    """In the journal, in the archive, in the health answer."""
    with RegistrySandbox(journal_size=2, no_seed_data=True) as small:
        for _ in range(5):
            httpx.get(f"{small.base_url}/metadata").raise_for_status()
        assert small.control.json("GET", "/journal")["dropped"] == 3
        assert small.control.json("GET", "/journal?format=har")["log"]["comment"] == "3 older exchanges were dropped"
        assert small.control.json("GET", "/health")["journal"] == {"exchanges": 2, "dropped": 3}
        missing = httpx.get(f"{small.control_url}/journal/1")
        assert (missing.status_code, "dropped 3" in missing.json()["error"]) == (404, True)
