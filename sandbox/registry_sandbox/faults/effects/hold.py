"""hold: the exchange waits until somebody releases it, so that a test decides the order of a race."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.kinds import Flag
from registry_sandbox.http.response import Response


@dataclass(frozen=True, slots=True)
class Hold(Effect):
    """Waits before the interaction, or with `commit` after the write; at most for `--max-delay`.

    Nothing has been looked up before: what another client writes meanwhile, this exchange sees.
    """

    word: ClassVar[str] = "hold"
    commits: ClassVar[bool] = True
    short: ClassVar[str] = "cancel:hold@x1, cancel:commit+hold@x1"

    hold: Annotated[bool, Flag()]

    async def before(self, context: FaultContext, activation: Activation) -> None:
        """Wait, unless the write comes first."""
        if not activation.commit:
            await context.hold(activation.rule_id)

    async def after(self, context: FaultContext, activation: Activation, response: Response) -> Response:
        """Wait after the write."""
        if activation.commit:
            await context.hold(activation.rule_id)
        return response
