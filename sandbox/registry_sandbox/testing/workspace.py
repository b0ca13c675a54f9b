"""A workspace of a running sandbox: a registry of the test's own, with everything that a sandbox has.

with sandbox.workspace(clock="2019-01-18T09:00:00Z") as other:
    ...

Source: docs/workspaces.md.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from registry_sandbox.cli.control_client import NoAnswer
from registry_sandbox.http.base_url import WORKSPACES, mounted
from registry_sandbox.testing.control import Control
from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.steering import written

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us

_MOUNT: Final = re.compile(rf"{WORKSPACES}/[^/]+(?=/[^/]+\Z)")
_CONTROL: Final = "/_sandbox"


class Server(NamedTuple):
    """A whole sandbox: where its registry is, and its control plane, which makes workspaces."""

    base_url: str
    control: Control


def server_of(sandbox: RemoteSandbox) -> Server:
    """Return the sandbox that a workspace is in, or the sandbox itself."""
    if isinstance(sandbox, RemoteWorkspace):
        return sandbox.server
    control = sandbox.control
    root = Control(_MOUNT.sub("", control.root), control.token, control.trust, control.timeout_s)
    return Server(_MOUNT.sub("", sandbox.base_url), root)


class RemoteWorkspace(RemoteSandbox):
    """A workspace, from its making to `close` or the end of its `with`.

    Args:
        server: the sandbox that it is made in.
        wanted: what it starts with, as docs/workspaces.md lists it.

    Raises:
        NoAnswer: the sandbox makes none; the message says why.
    """

    def __init__(self, server: Server, wanted: Mapping[str, Any]) -> None:
        body = {name: written(value) if isinstance(value, datetime) else value for name, value in wanted.items()}
        made = server.control.json("POST", "/workspaces", body)
        self.server = server
        self.name: str = made["name"]
        # By the URLs that lead to the sandbox from here; those that it tells may be for others, behind a proxy.
        mount, control = f"{WORKSPACES}/{self.name}", server.control
        root = f"{control.root.removesuffix(_CONTROL)}{mount}{_CONTROL}"
        token = wanted.get("control_token", control.token)
        self._connect(mounted(server.base_url, mount), Control(root, token, control.trust, control.timeout_s))

    def close(self) -> None:
        """End it, and every exchange in it; one that has ended already is left alone."""
        with suppress(NoAnswer):
            self.server.control.json("DELETE", f"/workspaces/{self.name}")

    def __enter__(self) -> Self:
        """Return the workspace."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.close()
