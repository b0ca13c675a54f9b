"""The journal of a running sandbox, as tests read it.

A finished exchange does not change. It is fetched once, so that to look at one exchange twenty times is one call.
"""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, overload
from urllib.parse import urlencode

from registry_sandbox.cli.control_client import ControlClient
from registry_sandbox.testing.exchange import Exchange

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us


class ExchangesDropped(UserWarning):
    """The journal of the sandbox was too small: older exchanges are missing. `--journal-size` makes it larger."""


class Journal(Sequence[Exchange]):
    """The exchanges of the clients under test, oldest first, as the sandbox really sent them.

    Those that are still under way are there too. `dropped` says how many older ones the sandbox has dropped; `len` and
    the representation say so too.
    """

    def __init__(self, control: ControlClient) -> None:
        self._control = control
        self._generation = 0
        self.forget()

    def forget(self) -> None:
        """Forget what was fetched, because the sandbox has forgotten it."""
        self._known: list[Exchange] = []
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many older exchanges the sandbox has dropped, because there were too many."""
        self._fetch()
        return self._dropped

    def exchanges(self, **filters: str | int) -> list[Exchange]:
        """Return those that match all filters, which docs/control-api.md lists: `interaction`, `status`, `id` ..."""
        if not filters:
            return self._fetch()
        listed = self._control.json("GET", f"/journal?{urlencode(filters)}")
        return [Exchange(each) for each in listed["exchanges"]]

    def statuses(self, **filters: str | int) -> list[int | None]:
        """Return the statuses of those that match; None where the client got no answer."""
        return [each.status for each in self.exchanges(**filters)]

    def clear(self) -> None:
        """Forget the finished ones."""
        self._control.json("DELETE", "/journal")
        self.forget()

    def har(self) -> str:
        """Return the whole journal as an HTTP Archive 1.2, in JSON."""
        return self._control.text("GET", "/journal?format=har")

    def __repr__(self) -> str:
        """Return a line for each exchange, so that a failing assertion shows what happened."""
        exchanges = self._fetch()
        older = f", and {self._dropped} older ones that were dropped" if self._dropped else ""
        return "\n".join([f"Journal of {len(exchanges)} exchanges{older}", *(f"  {each}" for each in exchanges)])

    def __len__(self) -> int:
        exchanges = self._fetch()
        if self._dropped:
            warnings.warn(f"{self._dropped} older exchanges were dropped", ExchangesDropped, stacklevel=2)
        return len(exchanges)

    @overload
    def __getitem__(self, index: int) -> Exchange: ...
    @overload
    def __getitem__(self, index: slice) -> list[Exchange]: ...
    def __getitem__(self, index: int | slice) -> Exchange | list[Exchange]:
        """Return an exchange, or several."""
        if isinstance(index, int) and 0 <= index < len(self._known):
            return self._known[index]
        exchanges = self._fetch()
        try:
            return exchanges[index]
        except IndexError:
            raise IndexError(f"there is no exchange {index}. {self!r}") from None

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._fetch())

    def _fetch(self) -> list[Exchange]:
        """Return all: those that are known to be finished, and what has come since."""
        listed = self._since_known()
        if self._known and listed["generation"] != self._generation:
            self.forget()
            listed = self._since_known()
        self._generation, self._dropped = listed["generation"], listed["dropped"]
        fetched = [Exchange(each) for each in listed["exchanges"]]
        exchanges = [*self._known, *fetched]
        for exchange in fetched:
            if not exchange.done:
                break
            self._known.append(exchange)
        return exchanges

    def _since_known(self) -> dict[str, Any]:
        since = f"?since={self._known[-1]['number']}" if self._known else ""
        listed: dict[str, Any] = self._control.json("GET", f"/journal{since}")
        return listed
