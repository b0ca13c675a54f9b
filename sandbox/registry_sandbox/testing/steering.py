"""What a test steers of a running sandbox, over its control plane: the clock and faults.

Source: operator.md, Paths.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from registry_sandbox.cli.control_client import ControlClient

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us


class RemoteClock:
    """The sandbox's clock: slots, tokens and windows of faults follow it."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    @property
    def now(self) -> datetime:
        """The instant that it shows."""
        return datetime.fromisoformat(self._control.json("GET", "/clock")["now"])

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return bool(self._control.json("GET", "/clock")["frozen"])

    def set(self, instant: datetime | str) -> None:
        """Show this instant (aware, or such as `2019-01-18T09:00:00Z`), ticking or standing still as before."""
        self._control.json("PUT", "/clock", {"now": written(instant)})

    def advance(self, by: timedelta | str) -> None:
        """Move on by so much, such as `2d`, `90s` or a timedelta."""
        self._control.json("PUT", "/clock", {"advance": f"{by.total_seconds()}s" if isinstance(by, timedelta) else by})

    def freeze(self, instant: datetime | str | None = None) -> None:
        """Stand still, at this instant or at the one shown now."""
        wanted = {} if instant is None else {"now": written(instant)}
        self._control.json("PUT", "/clock", {**wanted, "frozen": True})

    def unfreeze(self) -> None:
        """Tick on."""
        self._control.json("PUT", "/clock", {"frozen": False})


class Fault:
    """A fault in force, until `remove` or the end of its `with`.

    Args:
        control: the control plane of the sandbox.
        rule: as the sandbox shows it.
        must_fire: whether the test that sets it fails if it never fires.
    """

    def __init__(self, control: ControlClient, rule: Mapping[str, Any], *, must_fire: bool = True) -> None:
        self._control = control
        self.id: str = rule["id"]
        self.must_fire = must_fire
        self._last_shown = dict(rule)
        self._ended = self._has_fired = False

    @property
    def rule(self) -> dict[str, Any]:
        """The rule as the sandbox shows it now, with its counts, and why it did not fire (`near_misses`)."""
        shown: dict[str, Any] = self._control.json("GET", self._path)
        self._last_shown = shown
        return shown

    @property
    def fired(self) -> int:
        """How many exchanges it has spoiled; of one that is not in force any more, as many as it had when it ended."""
        if not self._look() and not self._ended:  # whoever undid it
            listed: list[dict[str, Any]] = self._control.json("GET", "/faults/fired")["fired"]
            known = sum(each["rule"] == self.id for each in listed)
            self._last_shown["fired"] = max(known, self._last_shown["fired"])
        return int(self._last_shown["fired"])

    @property
    def never_fired(self) -> bool:
        """Whether it has not fired, and had not before the sandbox returned to a snapshot."""
        return not self._has_fired and self.fired == 0

    def note(self, *, ends: bool) -> None:
        """Note what it has done, before the sandbox returns to a snapshot; one that `ends` is in force no more then."""
        self._has_fired = self._has_fired or self.fired > 0
        self._ended = self._ended or ends

    @property
    def near_misses(self) -> list[str]:
        """Why it did not fire: what exchanges that nearly matched had instead."""
        return [each["why"] for each in self.rule.get("near_misses", [])] if self._look() else []

    @property
    def described(self) -> str:
        """The rule in short: what it matches, when, and what it does."""
        words = {name: self._last_shown[name] for name in ("match", "when", "then") if self._last_shown.get(name)}
        return json.dumps(words)

    @property
    def _path(self) -> str:
        return f"/faults/{quote(self.id, safe='')}"

    def _look(self) -> bool:
        """Note the rule as it is now; False if it is not in force any more."""
        if self._ended:  # another rule may have its id now
            return False
        listed: list[dict[str, Any]] = self._control.json("GET", "/faults")["faults"]
        shown = next((each for each in listed if each["id"] == self.id), None)
        self._last_shown = self._last_shown if shown is None else shown
        return shown is not None

    def remove(self) -> None:
        """Undo it; a second time does nothing."""
        if self._look():
            self._control.json("DELETE", self._path)

    def __enter__(self) -> Self:
        """Return the fault, which is in force already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo it."""
        self.remove()


def written(instant: datetime | str) -> str:
    """Write an instant as the control plane reads it."""
    return instant if isinstance(instant, str) else instant.isoformat(timespec="milliseconds")
