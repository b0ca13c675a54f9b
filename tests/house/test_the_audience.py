"""What the registry is called in a token: the one name of `--audience`, or any name that it is reached by."""

from collections.abc import Iterator

import httpx
import pytest

from registry_sandbox.testing.running import RegistrySandbox

NAME = "https://registry.example.test/STU3"


@pytest.fixture(scope="module")
def named() -> Iterator[RegistrySandbox]:
    """A sandbox whose registry is called otherwise than it is reached."""
    with RegistrySandbox(audience=NAME) as sandbox:
        yield sandbox


def asked(sandbox: RegistrySandbox, audience: str) -> httpx.Response:
    """Ask the token endpoint for a token of this audience."""
    form = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    form |= {"grant_type": "client_credentials", "scope": f"{audience}/.default"}
    return httpx.post(sandbox.token_url, data=form)


def test_a_token_of_the_endpoint_opens_the_registry(named: RegistrySandbox) -> None:
    """The scope is the audience and `/.default`, whatever URL the registry is reached at."""
    bearer = {"Authorization": f"Bearer {asked(named, NAME).json()['access_token']}"}
    assert httpx.get(f"{named.base_url}/Appointment/booked-tomorrow", headers=bearer).status_code == 200


def test_the_endpoint_gives_none_that_the_registry_refuses(named: RegistrySandbox) -> None:
    """The registry's own URL is no audience any more, so it is no scope either; the answer names the one there is."""
    refused = asked(named, named.base_url)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    assert f"{NAME}/.default" in refused.json()["error_description"]


def test_a_configured_base_is_one_name_among_others() -> None:
    """With `--base-url` the registry still answers to the name that a call used, such as a container's."""
    configured = "https://proxy.example.test/fhir/STU3"
    with RegistrySandbox(base_url=configured) as sandbox:
        for audience in (configured, "http://sandbox:8080/fhir/STU3", sandbox.base_url):
            host = {"Host": httpx.URL(audience).netloc.decode()}
            form = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
            form |= {"grant_type": "client_credentials", "scope": f"{audience}/.default"}
            token = httpx.post(sandbox.token_url, data=form, headers=host).json()["access_token"]
            headers = {**host, "Authorization": f"Bearer {token}"}
            answer = httpx.get(f"{sandbox.base_url}/Appointment/booked-tomorrow", headers=headers)
            assert answer.status_code == 200
