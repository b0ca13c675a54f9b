"""A sandbox behind a proxy: every URL that it tells is inside the base that clients see, and is answered."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from registry_sandbox.testing.running import RegistrySandbox

OUTSIDE = "https://registry.example.test/nhs"


@pytest.fixture(scope="module")
def prefixed() -> Iterator[RegistrySandbox]:
    """A sandbox with `--base-url https://registry.example.test/nhs/STU3`."""
    with RegistrySandbox(base_url=f"{OUTSIDE}/STU3") as sandbox:
        yield sandbox


@pytest.fixture
def origin(prefixed: RegistrySandbox) -> str:
    """Where it really is."""
    return prefixed.base_url.removesuffix("/nhs/STU3")


class TestPrefix:
    """A base URL with a path before its last segment."""

    def test_everything_that_is_advertised_is_inside_it(self, origin: str) -> None:
        """The endpoints of the discovery document and of the CapabilityStatement, the list of paths, OpenAPI."""
        document = httpx.get(f"{origin}/.well-known/openid-configuration").json()
        named = [document[name] for name in ("token_endpoint", "jwks_uri", "authorization_endpoint")]
        statement = httpx.get(f"{origin}/STU3/metadata").text
        assert [url for url in named if not url.startswith(f"{OUTSIDE}/")] == []
        assert f"{OUTSIDE}/oauth2/token" in statement
        assert "https://registry.example.test/oauth2" not in statement
        listed = httpx.get(f"{origin}/", headers={"Accept": "application/json"}).json()["paths"]
        described = httpx.get(f"{origin}/_sandbox/openapi.json").json()["paths"]
        assert [path for path in (*listed, *described) if not path.startswith("/nhs/")] == []

    @pytest.mark.parametrize("prefix", ["/nhs", ""])
    @pytest.mark.parametrize(
        "path", ["/STU3/metadata", "/.well-known/jwks.json", "/_sandbox/health", "/_sandbox/faults", "/"]
    )
    def test_it_is_answered_there_and_without_the_prefix(self, origin: str, prefix: str, path: str) -> None:
        """A proxy may strip the prefix or leave it."""
        assert httpx.get(f"{origin}{prefix}{path}").status_code == 200

    def test_the_prefix_without_a_slash_is_sent_to_the_one_with_it(self, origin: str) -> None:
        """The page's addresses are relative to it."""
        sent = httpx.get(f"{origin}/nhs", headers={"Accept": "text/html"})
        assert (sent.status_code, sent.headers["Location"]) == (308, "nhs/")
        assert "<html" in httpx.get(f"{origin}/nhs", headers={"Accept": "text/html"}, follow_redirects=True).text

    def test_a_client_finds_its_token_and_reads(self, prefixed: RegistrySandbox, origin: str) -> None:
        """By the URLs that it was told, as the proxy passes them on."""
        form = {"grant_type": "client_credentials", "scope": f"{OUTSIDE}/STU3/.default"}
        form |= {"client_id": prefixed.client_id, "client_secret": prefixed.client_secret}
        endpoint = httpx.get(f"{origin}/nhs/.well-known/openid-configuration").json()["token_endpoint"]
        token = httpx.post(endpoint.replace("https://registry.example.test", origin), data=form).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{origin}/nhs/STU3/Appointment/booked-tomorrow", headers=bearer).status_code == 200

    def test_a_ready_token_is_for_the_configured_base(self, prefixed: RegistrySandbox) -> None:
        """Whatever name the control plane was called by."""
        part = prefixed.token().split(".")[1]
        assert json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["aud"] == f"{OUTSIDE}/STU3"

    def test_a_new_fault_says_where_it_is(self, origin: str) -> None:
        """Inside the prefix, and there it is."""
        added = httpx.post(f"{origin}/nhs/_sandbox/faults", json="read:503@x1")
        assert added.headers["Location"].startswith("/nhs/_sandbox/faults/")
        assert httpx.delete(origin + added.headers["Location"]).status_code == 204


FORWARDED: list[dict[str, str]] = [
    {"Forwarded": "proto=https;host=registry.example.test"},
    {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "registry.example.test"},
]


class TestForwarded:
    """What a proxy says of the URL that the client called."""

    @staticmethod
    def told(sandbox: RegistrySandbox, headers: dict[str, str]) -> Any:
        """Return where a search says that it was."""
        bearer = {"Authorization": f"Bearer {sandbox.token(claims={'aud': audiences(sandbox)})}"}
        query = "Appointment?Patient=https://fhir.nhs.uk/Id/nhs-number|9990001111"
        answer = httpx.get(f"{sandbox.base_url}/{query}", headers={**bearer, **headers})
        return answer.json()["link"][0]["url"]

    @pytest.mark.parametrize("headers", FORWARDED, ids=["Forwarded", "X-Forwarded"])
    def test_it_makes_the_base_url_where_it_is_trusted(self, headers: dict[str, str]) -> None:
        """With --trust-forwarded."""
        with RegistrySandbox(trust_forwarded=True) as sandbox:
            assert self.told(sandbox, headers).startswith("https://registry.example.test/STU3/Appointment?")

    @pytest.mark.parametrize("headers", FORWARDED, ids=["Forwarded", "X-Forwarded"])
    def test_it_is_ignored_otherwise(self, running: RegistrySandbox, headers: dict[str, str]) -> None:
        """Any client could send it."""
        assert self.told(running, headers).startswith(f"{running.base_url}/Appointment?")


def audiences(sandbox: RegistrySandbox) -> list[str]:
    """Return the names of the registry, here and at the proxy."""
    return [sandbox.base_url, "https://registry.example.test/STU3"]
