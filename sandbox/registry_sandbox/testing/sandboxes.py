"""The sandboxes of a pytest session: one for each set of settings, started when a test first wants it."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from registry_sandbox.testing.remote import RemoteSandbox
    from registry_sandbox.testing.running import RegistrySandbox

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us


class Sandboxes:
    """The sandboxes of a session.

    Args:
        url: the FHIR base of one that runs already, which is used instead of any other.
        settings: those of the ini file.
    """

    def __init__(self, url: str | None, settings: Mapping[str, Any]) -> None:
        self._url = url
        self.settings = settings
        self._running: dict[str, RemoteSandbox] = {}
        self._stack = ExitStack()

    def get(self, changes: Mapping[str, Any]) -> "RemoteSandbox":
        """Return the sandbox with these settings over those of the ini file, as it was at its start."""
        settings = {**self.settings, **changes}
        if self._url is not None and changes:
            fail(f"the sandbox at {self._url} runs already; it cannot be set to {dict(changes)}")
        key = json.dumps(settings, sort_keys=True, default=str)
        if key in self._running:
            self._running[key].reset()
        else:
            self._running[key] = self._first(settings)
        return self._running[key]

    def _first(self, settings: Mapping[str, Any]) -> "RemoteSandbox":
        if self._url is None:
            return self.start(settings, self._stack)
        from registry_sandbox.testing.remote import RemoteSandbox

        remote = RemoteSandbox(self._url)
        remote.reset()
        return remote

    def start(self, settings: Mapping[str, Any], stack: ExitStack) -> "RegistrySandbox":
        """Start a sandbox, which stops with the stack; fail the test if the settings cannot be used."""
        from registry_sandbox.app import REFUSALS
        from registry_sandbox.server.serving import PortTaken
        from registry_sandbox.settings import BadSetting
        from registry_sandbox.testing.running import RegistrySandbox

        try:
            return stack.enter_context(RegistrySandbox(**settings))
        except (BadSetting, PortTaken, *REFUSALS) as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    def close(self) -> None:
        """Stop them all."""
        self._stack.close()


def fail(message: str) -> NoReturn:
    """Fail the test with a message and nothing else."""
    pytest.fail(message, pytrace=False)
