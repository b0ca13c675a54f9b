"""Exchanges that a test holds, so that it decides the order of a race without sleeping.

with sandbox.hold("cancel") as held:
    ...                 # start a cancel in a thread or a task
    held.wait()         # until it has reached the registry
    ...                 # let somebody else write
    held.release()      # the cancel goes on

Source: docs/faults.md, hold.
"""

from typing import Any

from registry_sandbox.testing.steering import Fault

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us


class HeldTooFew(AssertionError):
    """Fewer exchanges were held than a test waited for."""


class Hold(Fault):
    """A rule that holds exchanges; at the end of its `with` it is removed, and what it still holds goes on."""

    def wait(self, count: int = 1, timeout_s: float = 10.0) -> list[dict[str, Any]]:
        """Wait until `count` exchanges are held, and return them: exchange, interaction, client, method, path, since.

        Raises:
            HeldTooFew: that has not happened within `timeout_s`.
        """
        held = self._held(f"?count={count}&wait={timeout_s:g}s")
        if len(held) < count:
            raise HeldTooFew(f"{len(held)} exchanges are held by '{self.id}' after {timeout_s:g} s; expected {count}")
        return held

    @property
    def exchanges(self) -> list[dict[str, Any]]:
        """The exchanges that are held now, the one that waits longest first."""
        return self._held("")

    def release(self, exchange: int | None = None) -> list[int]:
        """Let all held exchanges go on, or one of them; return their numbers."""
        body = {} if exchange is None else {"exchange": exchange}
        released: list[int] = self._control.json("POST", f"{self._path}/release", body)["released"]
        return released

    def _held(self, query: str) -> list[dict[str, Any]]:
        held: list[dict[str, Any]] = self._control.json("GET", f"{self._path}/held{query}")["held"]
        return held
