"""What a test steers of a running sandbox, over its control plane: the clock, a fault, the journal.

Source: operator.md, Paths.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

from registry_sandbox.cli.control_client import ControlClient


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
    """A fault in force, until `remove` or the end of its `with`."""

    def __init__(self, control: ControlClient, rule: Mapping[str, Any]) -> None:
        self._control = control
        self.id: str = rule["id"]

    @property
    def rule(self) -> dict[str, Any]:
        """The rule as the sandbox shows it now, with its counts."""
        shown: dict[str, Any] = self._control.json("GET", self._path)
        return shown

    @property
    def fired(self) -> int:
        """How many exchanges it has spoiled."""
        return int(self.rule["fired"])

    @property
    def _path(self) -> str:
        return f"/faults/{quote(self.id, safe='')}"

    def remove(self) -> None:
        """Undo it; a second time does nothing."""
        if any(each["id"] == self.id for each in self._control.json("GET", "/faults")["faults"]):
            self._control.json("DELETE", self._path)

    def __enter__(self) -> Self:
        """Give the fault, which is in force already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo it."""
        self.remove()


class Journal(Sequence[dict[str, Any]]):
    """The exchanges of the clients under test, oldest first, as the sandbox really sent them.

    Each is as `/_sandbox/journal` shows it; docs/control-api.md lists the members.
    """

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def exchanges(self, **filters: str | int) -> list[dict[str, Any]]:
        """Give those that match all filters: `interaction`, `status`, `client`, `fault`, `since`."""
        query = f"?{urlencode(filters)}" if filters else ""
        listed: list[dict[str, Any]] = self._control.json("GET", f"/journal{query}")["exchanges"]
        return listed

    def statuses(self, **filters: str | int) -> list[int | None]:
        """Give the statuses of those that match; None where the client got no answer."""
        return [each["response"] and each["response"]["status"] for each in self.exchanges(**filters)]

    def clear(self) -> None:
        """Forget them."""
        self._control.json("DELETE", "/journal")

    def __repr__(self) -> str:
        """Give a line for each exchange, so that a failing test shows what happened."""
        lines = [f"  {_told(each)}" for each in self.exchanges()]
        return "\n".join([f"Journal of {len(lines)} exchanges", *lines])

    def __len__(self) -> int:
        return len(self.exchanges())

    def __getitem__(self, index: Any) -> Any:
        return self.exchanges()[index]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.exchanges())


def _told(exchange: dict[str, Any]) -> str:
    asked, answered = exchange["request"], exchange["response"]
    faults = f"   faults: {', '.join(exchange['faults'])}" if exchange["faults"] else ""
    return f"{asked['method']} {asked['path']} -> {answered['status'] if answered else 'no answer'}{faults}"


def written(instant: datetime | str) -> str:
    """Write an instant as the control plane reads it."""
    return instant if isinstance(instant, str) else instant.isoformat(timespec="milliseconds")
