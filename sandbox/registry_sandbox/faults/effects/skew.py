"""skew: the interaction sees another time than the rest of the sandbox."""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.kinds import SignedSeconds


@dataclass(frozen=True, slots=True)
class Skew(Effect):
    """Shows the interaction a clock that is ahead by `skew`, or behind if it is negative."""

    word: ClassVar[str] = "skew"
    short: ClassVar[str] = "register:skew=-5m"

    skew: SignedSeconds

    async def before(self, context: FaultContext, activation: Activation) -> None:
        """Replace the service by one with another clock."""
        del activation
        service = context.service
        context.service = dataclasses.replace(service, clock=service.clock.ahead(self.skew))
