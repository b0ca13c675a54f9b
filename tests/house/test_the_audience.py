"""With `--audience` the registry has one name: tokens are asked for, made and accepted under it, and no other."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.testing.running import RegistrySandbox

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
