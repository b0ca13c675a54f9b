"""Exchanges that are held: each waits until it is released, has waited for the longest time, or is broken off."""

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass

from registry_sandbox.http.request import Request


class BrokenOff(Exception):
    """The sandbox was reset, or stops: the exchange must end without doing anything more."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """An exchange that waits, the rule that holds it, and since when (in seconds, on the sandbox's clock).

    Of replicas, `replica` names the one that it waits in.
    """

    rule_id: str
    request: Request
    since_s: float
    released: "asyncio.Future[bool]"
    replica: str = ""

    @property
    def exchange(self) -> int:
        """Its number in the journal, which lists it while it waits."""
        number: int = self.request.under_way.number
        return number


class Holdings:
    """The exchanges of one registry that wait; all calls come from the same event loop."""

    def __init__(self) -> None:
        self._held: list[Held] = []
        self._arrivals: list[asyncio.Future[bool]] = []

    def __iter__(self) -> Iterator[Held]:
        """Iterate over a copy, the one that waits longest first."""
        return iter(list(self._held))

    def of(self, rule_id: str) -> list[Held]:
        """Return the exchanges that a rule holds, the one that waits longest first."""
        return [each for each in self._held if each.rule_id == rule_id]

    async def hold(self, rule_id: str, request: Request, since_s: float, longest: Awaitable[None]) -> None:
        """Wait until the exchange is released, or until `longest` is over.

        Raises:
            BrokenOff: the sandbox was reset, or stops.
        """
        held = self.add(rule_id, request, since_s)
        await self.wait(held, longest)

    def add(self, rule_id: str, request: Request, since_s: float, replica: str = "") -> Held:
        """List an exchange as held."""
        held = Held(rule_id, request, since_s, asyncio.get_running_loop().create_future(), replica)
        self._held.append(held)
        self._wake()
        return held

    def remove(self, rule_id: str, exchange: int) -> None:
        """List an exchange no longer: it waits no more."""
        self._held = [each for each in self._held if (each.rule_id, each.exchange) != (rule_id, exchange)]

    async def wait(self, held: Held, longest: Awaitable[None]) -> None:
        """Wait until a held exchange is released, or until `longest` is over.

        Raises:
            BrokenOff: the sandbox was reset, or stops.
        """
        over = asyncio.ensure_future(longest)
        try:
            await asyncio.wait((held.released, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            self._held = [each for each in self._held if each is not held]
        if held.released.done() and not held.released.result():
            raise BrokenOff

    def release(self, rule_id: str, exchange: int | None = None) -> list[int]:
        """Let the exchanges of a rule go on, or one of them; return their numbers."""
        chosen = [each for each in self.of(rule_id) if exchange in (None, each.exchange)]
        return self._end(chosen, goes_on=True)

    def break_off_of(self, replica: str) -> None:
        """End those that wait in a replica."""
        self._end([each for each in self._held if each.replica == replica], goes_on=False)

    def break_off(self) -> None:
        """End all exchanges that wait, and all waiting for them."""
        self._end(self._held, goes_on=False)
        self._wake()

    def _end(self, chosen: list[Held], *, goes_on: bool) -> list[int]:
        # At once, not when the exchange goes on: nobody shall see it in the list after its release.
        self._held = [each for each in self._held if each not in chosen]
        for each in chosen:
            if not each.released.done():
                each.released.set_result(goes_on)
        return [each.exchange for each in chosen]

    async def arrival(self) -> None:
        """Wait until another exchange is held, or all are broken off."""
        arrived: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._arrivals.append(arrived)
        await arrived

    def _wake(self) -> None:
        for each in self._arrivals:
            if not each.done():
                each.set_result(True)
        self._arrivals.clear()
