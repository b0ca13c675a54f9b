"""dribble: the body comes in small parts, spread over a time."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from registry_sandbox.faults.effect import Effect, Sleep
from registry_sandbox.faults.kinds import Seconds, Whole
from registry_sandbox.faults.pacing import PassedOn
from registry_sandbox.http.response import Wire


@dataclass(frozen=True, slots=True)
class Dribble(Effect):
    """Sends the body in `chunks` parts of equal size, with pauses between them that add up to `over`."""

    word: ClassVar[str] = "dribble"
    short: ClassVar[str] = "read:dribble=5/2s"

    chunks: Annotated[int, Whole(2, 10_000)]
    over: Seconds

    def paced(self, wire: Wire, sleep: Sleep, longest_s: float) -> Wire:
        """Return a wire that sends in parts."""
        return _Dribbling(wire, self.chunks, min(self.over, longest_s), sleep)


@dataclass(frozen=True, slots=True)
class _Dribbling(PassedOn):
    chunks: int
    over_s: float
    sleep: Sleep

    async def body(self, part: bytes) -> None:
        """Send the parts with pauses between them."""
        step = max(-(-len(part) // self.chunks), 1)
        for at in range(0, len(part), step):
            if at:
                await self.sleep(self.over_s / (self.chunks - 1))
            await self.wire.body(part[at : at + step])
