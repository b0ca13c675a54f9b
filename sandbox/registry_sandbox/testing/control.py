"""The control plane as tests call it: what goes wrong is told in the sandbox's own words, without our frames."""

import json
from typing import Any

from registry_sandbox.cli.control_client import ControlClient, NoAnswer

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us


class Control(ControlClient):
    """A control client whose errors have a short traceback: it ends where the test calls the kit."""

    __slots__ = ()

    def text(self, method: str, path: str, body: Any = None) -> str:
        """Call a path below the root, with `body` as JSON unless it is None, and return the text of the answer.

        Raises:
            NoAnswer: nothing answers there, or the sandbox refuses.
        """
        try:
            return super().text(method, path, body)
        except NoAnswer as error:
            raise NoAnswer(str(error)) from None  # the cause is in the message; its frames are ours

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Call a path that answers with JSON; return the value, or None for an empty answer.

        Raises:
            NoAnswer: nothing answers there, or the sandbox refuses.
        """
        text = self.text(method, path, body)
        return json.loads(text) if text else None
