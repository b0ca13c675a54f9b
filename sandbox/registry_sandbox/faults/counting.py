"""What decides which rules act on an exchange, and counts it: the engine, or replicas together."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from registry_sandbox.faults.decision import Decision
from registry_sandbox.faults.effect import Activation
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.rule import Rule
from registry_sandbox.http.request import Request
from registry_sandbox.runtime.rate_limiter import RateLimit


class Counting(Protocol):
    """Decides which rules act on an exchange, and counts it. The engine does; replicas do it together."""

    def decided(
        self, facts: Facts, header: str | None, rules: Sequence[Rule]
    ) -> Decision | Awaitable[Decision | None] | None:
        """Decide once for an exchange; as `FaultEngine.decided`."""
        ...

    def wait_s(self, activation: Activation, limit: RateLimit, client: str) -> int | Awaitable[int]:
        """Count an exchange of a client for a rule that limits the rate; return the seconds that it has to wait."""
        ...

    async def hold(self, rule_id: str, request: Request, longest: Awaitable[None]) -> None:
        """Wait until the exchange is released, or until `longest` is over.

        Raises:
            BrokenOff: the sandbox was reset, or stops.
        """
        ...

    def take_back(self, decision: Decision, rule_id: str) -> None:
        """Undo the activation of a rule that did nothing in the end."""
        ...

    def settle(self, decision: Decision) -> Awaitable[None] | None:
        """Take back the activations of rules none of whose effects found anything to spoil."""
        ...
