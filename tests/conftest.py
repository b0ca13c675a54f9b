"""Fixtures of all tests. `--base-url` aims tests/spec at any running sandbox, such as a container."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from registry_sandbox.testing.running import RegistrySandbox

# The same examples in every run, and no clock: a busy machine is no reason for a test to fail.
settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests that speak only HTTP be aimed at a sandbox that runs already."""
    parser.addoption("--base-url", help="FHIR base of a running sandbox, for tests/spec")
    parser.addoption("--control-url", help="its control root, where that is not /_sandbox beside the base")


@pytest.fixture(scope="session")
def running() -> Iterator[RegistrySandbox]:
    """A sandbox in this process, one for the whole session; tests reset it."""
    with RegistrySandbox(random_seed=1) as sandbox:
        yield sandbox
