"""rotate: the registry signs with a new key from now on, as after a deployment or a scheduled rotation."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.kinds import Flag, Seconds


@dataclass(frozen=True, slots=True)
class Rotate(Effect):
    """Replaces the signing key before the interaction: a token that is issued then has the new `kid`.

    Tokens of the old key are valid for `overlap`, and so long the key set lists it. Without an overlap they are refused
    at once, though not on this exchange, whose token was judged before.
    """

    word: ClassVar[str] = "rotate"
    short: ClassVar[str] = "token:rotate@x1, token:rotate+overlap=5m@x1"

    rotate: Annotated[bool, Flag()]
    overlap: Seconds = 0.0

    async def before(self, context: FaultContext, activation: Activation) -> None:
        """Rotate."""
        del activation
        await context.rotate_keys(self.overlap)
