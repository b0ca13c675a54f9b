"""Fixtures of all tests. `--base-url` aims tests/spec at any running sandbox, such as a container."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import certifi
import pytest
from hypothesis import settings

if TYPE_CHECKING:  # whoever only hands out the tests needs none of it
    from registry_sandbox.testing.running import RegistrySandbox
    from tests.house.template import Template

# The same examples in every run, and no clock: a busy machine is no reason for a test to fail.
settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")

# A client of httpx reads 140 authorities when it is made, even to speak plain HTTP: 16 ms, some 3,000 times in a run.
# aiohttp reads them when it is imported, in each process that a test starts. They take them from SSL_CERT_FILE, if it
# is set, or from certifi. No test calls a server that a public authority vouches for, so the first of them is enough.
_END: Final = "-----END CERTIFICATE-----\n"
_one_authority = Path(tempfile.mkdtemp(prefix="one-authority-"), "ca.pem")
_one_authority.write_text(Path(certifi.where()).read_text(encoding="utf-8").partition(_END)[0] + _END, encoding="utf-8")
atexit.register(shutil.rmtree, _one_authority.parent, ignore_errors=True)
vars(certifi)["where"] = lambda: str(_one_authority)
os.environ["SSL_CERT_FILE"] = str(_one_authority)

_COLLECT_AFTER: Final = 20_000


def pytest_collection_finish() -> None:
    """Collect garbage rarely: the collected tests alone are a million objects that stay until the end."""
    gc.set_threshold(_COLLECT_AFTER)


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is left out, nobody asks
def pytest_xdist_auto_num_workers() -> int:
    """Return one more than there are processors: tests of what is due in some seconds wait for it, and use none."""
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return usable + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests that speak only HTTP be aimed at a sandbox that runs already."""
    parser.addoption("--base-url", help="FHIR base of a running sandbox, for tests/spec")
    parser.addoption("--control-url", help="its control root, where that is not /_sandbox beside the base")


@pytest.fixture(scope="session")
def running() -> "Iterator[RegistrySandbox]":
    """A sandbox in this process, one for the whole session; tests reset it."""
    from registry_sandbox.testing.running import RegistrySandbox

    with RegistrySandbox(random_seed=1) as sandbox:
        yield sandbox


@pytest.fixture(scope="session", autouse=True)
def _keys() -> Iterator[None]:
    """Let the sandboxes of this process use keys again that nobody has any more."""
    from registry_sandbox.auth.keys import SigningKey
    from tests.keys import Keys

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SigningKey, "generate", Keys(SigningKey.generate).draw)
        yield


@pytest.fixture(scope="session")
def template() -> "Iterator[Template]":
    """What becomes pytest or the command, without its imports."""
    from tests.house.template import Template

    with Template() as template:
        yield template
