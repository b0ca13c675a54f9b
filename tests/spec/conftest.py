"""The registry that the pages are read to: one started here, or the one that --base-url names."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import httpx
import pytest

from tests.spec.conversation import Registry
from tests.spec.formats import Format

if TYPE_CHECKING:
    from registry_sandbox.testing.running import RegistrySandbox


@pytest.fixture(scope="session")
def addresses(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The FHIR base and the control root: of the sandbox that --base-url names, or of one started here."""
    base = request.config.getoption("--base-url")
    if base:
        control = request.config.getoption("--control-url") or f"{httpx.URL(base).join('/_sandbox')}"
        return base, control
    running: RegistrySandbox = request.getfixturevalue("running")
    return running.base_url, running.control_url


@pytest.fixture(params=["json", "xml"])
def registry(request: pytest.FixtureRequest, addresses: tuple[str, str]) -> Iterator[Registry]:
    """A conversation with the registry as it is at its start, in each format."""
    conversation = Registry(*addresses, fhir_format=cast("Format", request.param))
    yield conversation
    conversation.close()
