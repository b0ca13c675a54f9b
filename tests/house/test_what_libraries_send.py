"""What real client libraries were seen to send, kept where the library itself cannot be run: HAPI, java.net.http.

docs/interoperability.md is the table of it.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from registry_sandbox.testing.running import RegistrySandbox
from tests.spec.conversation import appointment

HAPI_ANY = (
    "application/fhir+xml;q=1.0, application/fhir+json;q=1.0, application/xml+fhir;q=0.9, application/json+fhir;q=0.9"
)
HAPI_XML = "application/fhir+xml;q=1.0, application/xml+fhir;q=0.9"
HAPI_JSON = "application/fhir+json;q=1.0, application/json+fhir;q=0.9"
JSON_BODY = {"Content-Type": "application/fhir+json; charset=UTF-8", "Accept": HAPI_JSON}


@pytest.fixture
def http(running: RegistrySandbox) -> Iterator[httpx.Client]:
    """A bare client with a token, of a registry as it is at its start."""
    httpx.post(f"{running.control_url}/reset").raise_for_status()
    token = httpx.get(f"{running.control_url}/token").text.strip()
    with httpx.Client(base_url=running.base_url, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


@pytest.fixture
def registered(http: httpx.Client) -> dict[str, Any]:
    """An appointment, registered as HAPI does it."""
    answer = http.post("/Appointment", json=appointment(), headers=JSON_BODY)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


class TestHapi:
    """HAPI FHIR client 8.2.0 for STU3."""

    @pytest.mark.parametrize(
        ("accept", "expected"),
        [(HAPI_ANY, "application/fhir+xml"), (HAPI_XML, "application/fhir+xml"), (HAPI_JSON, "application/fhir+json")],
    )
    def test_the_old_media_types_in_accept_do_no_harm(self, http: httpx.Client, accept: str, expected: str) -> None:
        """The forms of FHIR DSTU2 stand at a lower weight; what is known at the highest is answered."""
        answer = http.get("/metadata", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, f"{expected}; charset=utf-8")

    def test_format_in_the_url_of_a_post(self, http: httpx.Client) -> None:
        """With an encoding set, `_format` is on every URL."""
        headers = {**JSON_BODY, "Accept": HAPI_XML}
        answer = http.post("/Appointment?_format=xml", json=appointment(), headers=headers)
        assert answer.status_code == 201
        assert answer.headers["Content-Type"].startswith("application/fhir+xml")

    def test_validate_with_parameters(self, http: httpx.Client) -> None:
        """The Appointment comes inside Parameters, and it is the Appointment that is judged."""
        for resource, severities in ((appointment(), {"information"}), (appointment(status="noshow"), {"error"})):
            wrapped = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": resource}]}
            answer = http.post("/Appointment/$validate", json=wrapped, headers=JSON_BODY)
            assert answer.status_code == 200
            assert {each["severity"] for each in answer.json()["issue"]} == severities

    def test_a_strong_if_none_match(self, http: httpx.Client, registered: dict[str, Any]) -> None:
        """`ifVersionMatches` names the version by a strong entity tag."""
        answer = http.get(f"/Appointment/{registered['id']}", headers={"If-None-Match": '"1"'})
        assert answer.status_code == 304

    def test_a_conditional_create_is_refused(self, http: httpx.Client) -> None:
        """If-None-Exist carries a whole URL; to ignore it would register twice."""
        exists = {"If-None-Exist": f"{http.base_url}Appointment?_format=xml&identifier=x"}
        answer = http.post("/Appointment", json=appointment(), headers={**JSON_BODY, **exists})
        assert answer.status_code == 400
        assert "If-None-Exist" in answer.json()["issue"][0]["diagnostics"]


class TestJavaHttpClient:
    """The HttpClient of Java 17."""

    def test_an_offer_of_http_2_is_not_taken_up(self, running: RegistrySandbox) -> None:
        """Its first request offers h2c; the body of the request is read, and the answer is HTTP/1.1's."""
        offer = {
            "Connection": "Upgrade, HTTP2-Settings",
            "Upgrade": "h2c",
            "HTTP2-Settings": "AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA",
        }
        form = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-client",
            "client_secret": "sandbox-secret",
            "scope": f"{running.base_url}/.default",
        }
        answer = httpx.post(running.base_url.replace("/STU3", "/oauth2/token"), data=form, headers=offer)
        assert (answer.status_code, answer.http_version) == (200, "HTTP/1.1")
        assert answer.json()["token_type"] == "Bearer"


class TestFhirpy:
    """fhirpy 2.3.1."""

    def test_if_none_match_without_quotes(self, http: httpx.Client, registered: dict[str, Any]) -> None:
        """A bare `1` is no entity tag, so nothing says that the client has this version."""
        answer = http.get(f"/Appointment/{registered['id']}?", headers={"If-None-Match": "1"})
        assert (answer.status_code, answer.json()) == (200, registered)
