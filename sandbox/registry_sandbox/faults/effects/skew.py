"""skew: this exchange sees another time than the rest of the sandbox."""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.kinds import SignedSeconds


@dataclass(frozen=True, slots=True)
class Skew(Effect):
    """Shows the interaction a clock that is ahead by so much, or behind where it is negative."""

    word: ClassVar[str] = "skew"
    short: ClassVar[str] = "register:skew=-5m"

    skew: SignedSeconds

    async def before(self, context: FaultContext, activation: Activation) -> None:
        """Put another clock in place."""
        del activation
        service = context.service
        context.service = dataclasses.replace(service, clock=service.clock.ahead(self.skew))
