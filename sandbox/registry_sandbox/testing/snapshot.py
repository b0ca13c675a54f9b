"""Snapshots of a sandbox, to which a test returns.

with sandbox.snapshot():
    ...                 # whatever happens here is undone at the end

Source: docs/state.md.
"""

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from registry_sandbox.testing.remote import RemoteSandbox

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us


class Snapshot:
    """A state that the sandbox keeps under a name. At the end of its `with` the sandbox returns to it.

    Args:
        sandbox: whose state it is.
        name: of the snapshot.
        passing: whether it is forgotten at the end of the `with`.
    """

    def __init__(self, sandbox: "RemoteSandbox", name: str, *, passing: bool) -> None:
        self._sandbox = sandbox
        self.name = name
        self._passing = passing

    def restore(self) -> None:
        """Return to it: appointments, clock, faults with their counts, ids to come; the journal is empty then."""
        self._sandbox.restore(self.name)

    def forget(self) -> None:
        """Let the sandbox keep it no longer."""
        self._sandbox.control.json("DELETE", f"/snapshots/{self.name}")

    def __enter__(self) -> Self:
        """Return the snapshot."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Return to it."""
        self.restore()
        if self._passing:
            self.forget()
