"""race: somebody else writes first."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.match import WITH_ID


@dataclass(frozen=True, slots=True)
class Race(Effect):
    """Lets somebody else store a new version with the same content, just before the interaction.

    The conflict that follows is genuine: the history shows the other version, and a client that reads again succeeds.
    """

    word: ClassVar[str] = "race"
    only: ClassVar[frozenset[str]] = WITH_ID
    short: ClassVar[str] = "cancel:race=bump@#2"

    race: Literal["bump"]

    async def before(self, context: FaultContext, activation: Activation) -> None:
        """Store the new version."""
        service, request = context.service, context.request
        current = service.registry.latest(request.logical_id) if request.resource_type == "Appointment" else None
        if current is not None:
            await service.write_again(current)
        else:
            activation.found_nothing(self)
