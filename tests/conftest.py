"""Fixtures of all tests. `--base-url` aims tests/spec at any running sandbox, such as a container."""

import functools
import gc
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from httpx._transports import default as transports
from hypothesis import settings

from registry_sandbox.testing.running import RegistrySandbox

# The same examples in every run, and no clock: a busy machine is no reason for a test to fail.
settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")

# A client of httpx reads 140 authorities when it is made, even to speak plain HTTP: 16 ms, some 3,000 times in a run.
# One context for the same arguments is enough. It goes by a private name, as httpx looks it up there.
_shared_context: Any = functools.cache(httpx.create_ssl_context)
vars(transports)["create_ssl_context"] = _shared_context

_COLLECT_AFTER: Final = 20_000


def pytest_collection_finish() -> None:
    """Leave the tests themselves, a million objects that stay until the end, out of every collection of garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests that speak only HTTP be aimed at a sandbox that runs already."""
    parser.addoption("--base-url", help="FHIR base of a running sandbox, for tests/spec")
    parser.addoption("--control-url", help="its control root, where that is not /_sandbox beside the base")


@pytest.fixture(scope="session")
def running() -> Iterator[RegistrySandbox]:
    """A sandbox in this process, one for the whole session; tests reset it."""
    with RegistrySandbox(random_seed=1) as sandbox:
        yield sandbox
