"""The sandboxes of a pytest session: one for each set of settings, started when a test first wants it.

In a sandbox that runs already, each test or each worker has a workspace of its own.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

import pytest

if TYPE_CHECKING:
    from registry_sandbox.testing.remote import RemoteSandbox
    from registry_sandbox.testing.running import RegistrySandbox
    from registry_sandbox.testing.workspace import RemoteWorkspace


Own = Literal["test", "worker", "none"]
"""Who has a workspace of its own in a sandbox that runs already; `none`: all use that sandbox itself."""

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us


class Sandboxes:
    """The sandboxes of a session.

    Args:
        url: the FHIR base of one that runs already, which is used instead of any other.
        settings: those of the ini file.
        own: who has a workspace of its own there.
    """

    def __init__(self, url: str | None, settings: Mapping[str, Any], own: Own = "test") -> None:
        self._url = url
        self.settings = settings
        self._own = own
        self._running: dict[str, RemoteSandbox] = {}
        self._stack = ExitStack()

    def lend(self, changes: Mapping[str, Any]) -> "tuple[RemoteSandbox, Callable[[], None]]":
        """Return the sandbox of one test, as `get` does, and what ends whatever the test has begun in it."""
        if self._url is not None and self._own == "test":
            workspace = self._workspace({**self.settings, **changes}, changes)
            return workspace, workspace.close
        sandbox = self.get(changes)
        return sandbox, sandbox.reset

    def of_session(self) -> "RemoteSandbox":
        """Return a sandbox for the whole session; from now on every test has it, as it was at its start."""
        if self._own == "test":
            self._own = "worker"
        return self.get({})

    def get(self, changes: Mapping[str, Any]) -> "RemoteSandbox":
        """Return the sandbox with these settings over those of the ini file, as it was at its start."""
        settings = {**self.settings, **changes}
        if self._url is not None and self._own == "none" and changes:
            fail(f"the sandbox at {self._url} runs already; it cannot be set to {dict(changes)}")
        key = json.dumps(settings, sort_keys=True, default=str)
        if key in self._running:
            self._running[key].reset()
        else:
            self._running[key] = self._first(settings, changes)
        return self._running[key]

    def _first(self, settings: Mapping[str, Any], changes: Mapping[str, Any]) -> "RemoteSandbox":
        if self._url is None:
            return self.start(settings, self._stack)
        if self._own != "none":
            return self._stack.enter_context(self._workspace(settings, changes))
        from registry_sandbox.testing.remote import RemoteSandbox

        remote = RemoteSandbox(self._url)
        remote.reset()
        return remote

    def _workspace(self, settings: Mapping[str, Any], changes: Mapping[str, Any]) -> "RemoteWorkspace":
        """Make a workspace. It can have some of the settings; others are those of the sandbox that runs."""
        from registry_sandbox.testing.remote import RemoteSandbox

        for name in changes:
            if name not in _OF_WORKSPACES:
                expected = ", ".join(_OF_WORKSPACES)
                fail(f"the sandbox at {self._url} runs already; a workspace there can have {expected}, but no {name}")
        return RemoteSandbox(str(self._url)).workspace(**_wanted(settings))

    def start(self, settings: Mapping[str, Any], stack: ExitStack) -> "RegistrySandbox":
        """Start a sandbox, which stops with the stack; fail the test if the settings cannot be used."""
        from registry_sandbox.app import REFUSALS
        from registry_sandbox.server.bound_socket import PortTaken
        from registry_sandbox.settings import BadSetting
        from registry_sandbox.testing.running import RegistrySandbox

        try:
            return stack.enter_context(RegistrySandbox(**settings))
        except (BadSetting, PortTaken, *REFUSALS) as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    def close(self) -> None:
        """Stop them all."""
        self._stack.close()


_OF_WORKSPACES: Final = ("clock", "clock_frozen", "fault", "no_seed_data", "random_seed")


def _wanted(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a workspace is asked for, from settings as a file has them."""
    clock = {"now": settings.get("clock"), "frozen": _is_on(settings.get("clock_frozen"))}
    faults = settings.get("fault")
    seed = settings.get("random_seed")
    wanted = {
        "clock": {name: value for name, value in clock.items() if value is not None},
        "faults": [faults] if isinstance(faults, str) else faults and list(faults),
        "no_seed_data": _is_on(settings.get("no_seed_data")),
        "random_seed": None if seed is None else int(seed),
    }
    return {name: value for name, value in wanted.items() if value not in (None, {})}


def _is_on(value: Any) -> bool | None:
    return None if value is None else str(value).lower() in ("true", "yes", "on", "1")


def fail(message: str) -> NoReturn:
    """Fail the test with a message and nothing else."""
    pytest.fail(message, pytrace=False)
