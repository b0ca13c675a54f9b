"""The pytest plugin: a sandbox as a fixture, as it was at its start for each test.

It is loaded in every pytest run where the distribution is installed, so nothing of the server is imported before a
test asks for it. Under pytest-xdist each worker has sandboxes of its own, and in a sandbox that runs already each test
has a workspace of its own.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from registry_sandbox.testing.sandboxes import Sandboxes, fail

if TYPE_CHECKING:
    from registry_sandbox.testing.remote import RemoteSandbox
    from registry_sandbox.testing.running import RegistrySandbox

_URL = "--registry-sandbox-url"
_ARTIFACTS = "--registry-sandbox-artifacts"
_UNFIRED = "registry_sandbox_unfired_faults"
_VERDICT = "registry_sandbox_verdict"
_WORKSPACE = "registry_sandbox_workspace"
_USED = pytest.StashKey["list[RemoteSandbox]"]()
_END = pytest.StashKey["list[Callable[[], None]]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini keys."""
    group = parser.getgroup("registry-sandbox", "Appointment Registry Sandbox")
    group.addoption(
        _URL, metavar="URL", help="FHIR base of a running sandbox, such as a container, instead of one started"
    )
    group.addoption(
        _ARTIFACTS, metavar="DIR", type=Path, help="folder for the journals of failing tests, as HTTP Archives (HAR)"
    )
    parser.addini("registry_sandbox", "settings of the sandbox, a line each: key = value", type="linelist", default=[])
    parser.addini(
        _WORKSPACE,
        f"with {_URL}: who has a workspace of its own there: test (the default), worker, none",
        default="test",
    )
    parser.addini(_UNFIRED, "what a fault does that never fired: fail (the default) or ignore", default="fail")
    parser.addini(
        _VERDICT, "what a test's client did wrong: off (the default: not judged), warn or fail", default="off"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; refuse options that cannot be used."""
    config.addinivalue_line(
        "markers", "registry_sandbox(**settings): what the sandbox of this test is set to, over the ini file's settings"
    )
    own = config.getini(_WORKSPACE)
    if own not in ("test", "worker", "none"):
        raise pytest.UsageError(f"{_WORKSPACE} is {own!r}; expected test, worker or none")
    if own == "none" and config.getoption(_URL) and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError(f"{_URL} names one registry, which the workers of -n would reset for each other")
    if config.getini(_UNFIRED) not in ("fail", "ignore"):
        raise pytest.UsageError(f"{_UNFIRED} is {config.getini(_UNFIRED)!r}; expected fail or ignore")
    if config.getini(_VERDICT) not in ("off", "warn", "fail"):
        raise pytest.UsageError(f"{_VERDICT} is {config.getini(_VERDICT)!r}; expected off, warn or fail")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that passes though a fault that it set never fired: it has not tested what it says.

    Where it is wanted, judge the client as well.
    """
    # What a test finds in the sandbox of the session may be there for all tests.
    others = [fault for sandbox in _shared(item) for fault in sandbox.faults]
    result = yield
    if item.config.getini(_UNFIRED) == "fail":
        for sandbox in _used(item):
            from registry_sandbox.testing.report import never_fired

            message = never_fired(sandbox, others)
            if message:
                fail(message)
    if item.config.getini(_VERDICT) != "off":
        for sandbox in item.stash.get(_USED, []):  # the journal of the session's sandbox has other tests in it
            _judge(item, sandbox)
    return result


def _judge(item: pytest.Item, sandbox: "RemoteSandbox") -> None:
    """Warn of what the client did wrong; fail the test for a broken must, where that is wanted."""
    from registry_sandbox.cli.control_client import NoAnswer
    from registry_sandbox.testing.report import told_findings
    from registry_sandbox.testing.verdict import ClientFindings

    try:
        verdict = sandbox.verdict()
    except NoAnswer as error:
        fail(str(error))
    failing = verdict.failed if item.config.getini(_VERDICT) == "fail" else ()
    warning = [each for each in (*verdict.failed, *verdict.warned) if each not in failing]
    if warning:
        item.warn(ClientFindings(told_findings(warning)))
    if failing:
        fail(told_findings(failing))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failing test what its sandboxes saw, and write their journals where they are wanted.

    Then, at the very end of the test, reset its sandbox, or end its workspace: what the test has begun must not reach
    the next one, nor whoever uses the same sandbox without a fixture. Fixtures that fail in their teardown are reported
    before that.
    """
    report = yield
    if report.failed:
        for ordinal, sandbox in enumerate(_used(item), start=1):
            report.sections.append(("registry sandbox", _seen(item, sandbox, ordinal)))
    if report.when == "teardown":
        _end(item)
    return report


def _end(item: pytest.Item) -> None:
    for end in item.stash.get(_END, []):
        from registry_sandbox.cli.control_client import NoAnswer

        with suppress(NoAnswer):  # one that is gone has nothing to end; the next test that wants it will say so
            end()


def _used(item: pytest.Item) -> "list[RemoteSandbox]":
    """Return the sandboxes of a test; one that runs no more has nothing to show."""
    return item.stash.get(_USED, []) or _shared(item)


def _shared(item: pytest.Item) -> "list[RemoteSandbox]":
    """Return the sandbox of the session, where a test uses that one and not as its own."""
    server: RemoteSandbox | None = getattr(item, "funcargs", {}).get("registry_sandbox_server")
    return [] if server is None or server in item.stash.get(_USED, []) else [server]


def _seen(item: pytest.Item, sandbox: "RemoteSandbox", ordinal: int) -> str:
    from registry_sandbox.cli.control_client import NoAnswer
    from registry_sandbox.testing.report import section, told_findings, write_har

    folder: Path | None = item.config.getoption(_ARTIFACTS)
    try:
        told = section(sandbox)
        if item.config.getini(_VERDICT) != "off":
            told = f"{told}\n{told_findings(sandbox.verdict().findings)}".rstrip("\n")
        return told if folder is None else f"{told}\n  journal: {write_har(sandbox, folder, item.nodeid, ordinal)}"
    except (NoAnswer, OSError) as error:
        return f"{sandbox.base_url}: {error}"


@pytest.fixture(scope="session")
def _registry_sandboxes(request: pytest.FixtureRequest) -> Sandboxes:
    config = request.config
    settings = _from_lines(config.getini("registry_sandbox"))
    sandboxes = Sandboxes(config.getoption(_URL), settings, config.getini(_WORKSPACE))
    config.add_cleanup(sandboxes.close)  # after the last report, which may still ask them
    return sandboxes


@pytest.fixture
def registry_sandbox(request: pytest.FixtureRequest, _registry_sandboxes: Sandboxes) -> "RemoteSandbox":
    """A registry sandbox on a free port of this machine, as it is at its start: seeds, clock, no faults."""
    sandbox, end = _registry_sandboxes.lend(_marked(request.node))
    request.node.stash.setdefault(_USED, []).append(sandbox)
    request.node.stash.setdefault(_END, []).append(end)
    return sandbox


@pytest.fixture(scope="session")
def registry_sandbox_server(_registry_sandboxes: Sandboxes) -> "RemoteSandbox":
    """The sandbox of the whole session, for a client that is started once; `registry_sandbox` resets it for each test.

    `base_url`, `token_url`, `client_id` and `client_secret` configure the client; `environment` has them as variables.
    """
    return _registry_sandboxes.of_session()


@pytest.fixture
def registry_sandbox_env(registry_sandbox: "RemoteSandbox", monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set REGISTRY_BASE_URL, REGISTRY_TOKEN_URL, REGISTRY_CLIENT_ID and REGISTRY_CLIENT_SECRET for a test."""
    environment = registry_sandbox.environment
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
def registry_sandbox_factory(
    request: pytest.FixtureRequest, _registry_sandboxes: Sandboxes
) -> "Iterator[Callable[..., RegistrySandbox]]":
    """Start a sandbox of the test's own, with these settings over those of the ini file; it stops with the test."""
    with ExitStack() as stack:

        def start(**settings: Any) -> "RegistrySandbox":
            started = _registry_sandboxes.start({**_registry_sandboxes.settings, **settings}, stack)
            request.node.stash.setdefault(_USED, []).append(started)
            return started

        yield start


def _marked(node: pytest.Item) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("registry_sandbox"))):  # the closest wins
        if marker.args:
            fail("the marker registry_sandbox takes settings by keyword only")
        settings |= marker.kwargs
    return settings


def _from_lines(lines: list[str]) -> dict[str, Any]:
    """Read `key = value` lines; a key that is there more than once has a list of values."""
    settings: dict[str, Any] = {}
    for line in lines:
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            fail(f"ini key registry_sandbox: {line!r}; expected key = value")
        name = key.replace("-", "_")
        settings[name] = [*_listed(settings[name]), value] if name in settings else value
    return settings


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
