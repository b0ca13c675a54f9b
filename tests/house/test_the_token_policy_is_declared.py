"""The CapabilityStatement says which tokens this very sandbox accepts, whatever it was started with."""

import httpx
import pytest

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.testing.running import RegistrySandbox


def security(auth: str) -> Resource:
    """Return the security part of a sandbox that accepts these tokens."""
    with RegistrySandbox(auth=auth) as sandbox:
        declared: Resource = httpx.get(f"{sandbox.base_url}/metadata").json()["rest"][0]["security"]
    return declared


@pytest.mark.parametrize(("auth", "endpoint"), [("registry", True), ("any", True), ("spine", False), ("off", False)])
def test_the_token_endpoint_is_named_where_its_tokens_are_accepted(auth: str, endpoint: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """And nowhere else: a client that reads it would fetch a token in vain."""
    declared = security(auth)
    assert ("extension" in declared, "service" in declared) == (endpoint, endpoint)


@pytest.mark.parametrize(("auth", "said"), [("spine", "unsigned"), ("any", "unsigned"), ("off", "No token is judged")])
def test_the_kind_of_token_is_told(auth: str, said: str) -> None:
    """In words."""
    assert said in security(auth)["description"]
