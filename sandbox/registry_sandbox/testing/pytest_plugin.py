"""The pytest plugin: a sandbox as a fixture, as it was at its start for each test.

It is loaded in every pytest run where the distribution is installed, so nothing of the server is imported before a
test asks for it. Under pytest-xdist each worker has sandboxes of its own.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from registry_sandbox.testing.remote import RemoteSandbox
    from registry_sandbox.testing.running import RegistrySandbox

_URL_OPTION = "--registry-sandbox-url"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the ini key."""
    group = parser.getgroup("registry-sandbox", "Appointment Registry Sandbox")
    group.addoption(
        _URL_OPTION, metavar="URL", help="FHIR base of a running sandbox, such as a container, instead of one started"
    )
    parser.addini("registry_sandbox", "settings of the sandbox, a line each: key = value", type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; refuse to let workers share one registry."""
    config.addinivalue_line(
        "markers", "registry_sandbox(**settings): what the sandbox of this test is set to, over the ini file's settings"
    )
    if config.getoption(_URL_OPTION) and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError(f"{_URL_OPTION} names one registry, which the workers of -n would reset for each other")


class Sandboxes:
    """The sandboxes of a session: one for each set of settings, started when a test first wants it."""

    def __init__(self, url: str | None, settings: Mapping[str, Any]) -> None:
        self._url = url
        self._settings = settings
        self._running: dict[str, RemoteSandbox] = {}
        self._stack = ExitStack()

    def get(self, changes: Mapping[str, Any]) -> "RemoteSandbox":
        """Give the sandbox with these settings over those of the ini file, as it was at its start."""
        settings = {**self._settings, **changes}
        if self._url is not None and changes:
            _fail(f"the sandbox at {self._url} runs already; it cannot be set to {dict(changes)}")
        key = json.dumps(settings, sort_keys=True, default=str)
        if key in self._running:
            self._running[key].reset()
        else:
            self._running[key] = self._first(settings)
        return self._running[key]

    def _first(self, settings: Mapping[str, Any]) -> "RemoteSandbox":
        if self._url is None:
            return self._stack.enter_context(self.start(settings))
        from registry_sandbox.testing.remote import RemoteSandbox

        remote = RemoteSandbox(self._url)
        remote.reset()
        return remote

    def start(self, settings: Mapping[str, Any]) -> "RegistrySandbox":
        """Give a sandbox that is not started yet."""
        from registry_sandbox.settings import BadSetting
        from registry_sandbox.testing.running import RegistrySandbox

        try:
            return RegistrySandbox(**settings)
        except BadSetting as error:
            _fail(str(error))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings of the ini file."""
        return self._settings

    def close(self) -> None:
        """Stop them all."""
        self._stack.close()


@pytest.fixture(scope="session")
def _registry_sandboxes(request: pytest.FixtureRequest) -> Iterator[Sandboxes]:
    sandboxes = Sandboxes(request.config.getoption(_URL_OPTION), _from_lines(request.config.getini("registry_sandbox")))
    yield sandboxes
    sandboxes.close()


@pytest.fixture
def registry_sandbox(request: pytest.FixtureRequest, _registry_sandboxes: Sandboxes) -> "Iterator[RemoteSandbox]":
    """A registry sandbox on a free port of this machine, as it is at its start: seeds, clock, no faults."""
    sandbox = _registry_sandboxes.get(_marked(request.node))
    yield sandbox
    # Whoever uses the same sandbox without this fixture shall not meet what this test has set.
    sandbox.undo_faults()


@pytest.fixture
def registry_sandbox_factory(_registry_sandboxes: Sandboxes) -> "Iterator[Callable[..., RegistrySandbox]]":
    """Start a sandbox of the test's own, with these settings over those of the ini file; it stops with the test."""
    with ExitStack() as stack:

        def start(**settings: Any) -> "RegistrySandbox":
            return stack.enter_context(_registry_sandboxes.start({**_registry_sandboxes.settings, **settings}))

        yield start


def _fail(message: str) -> NoReturn:
    pytest.fail(message, pytrace=False)


def _marked(node: pytest.Item) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("registry_sandbox"))):  # the closest wins
        if marker.args:
            _fail("the marker registry_sandbox takes settings by keyword only")
        settings |= marker.kwargs
    return settings


def _from_lines(lines: list[str]) -> dict[str, Any]:
    """Read `key = value` lines; a key that is there more than once has a list of values."""
    settings: dict[str, Any] = {}
    for line in lines:
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            _fail(f"ini key registry_sandbox: {line!r}; expected key = value")
        name = key.replace("-", "_")
        settings[name] = [*_listed(settings[name]), value] if name in settings else value
    return settings


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
