"""rate: the body comes at a limited number of bytes per second."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from registry_sandbox.faults.effect import Effect, Sleep
from registry_sandbox.faults.kinds import Whole
from registry_sandbox.faults.pacing import PassedOn
from registry_sandbox.http.response import Wire

_STEPS_PER_S = 10


@dataclass(frozen=True, slots=True)
class Rate(Effect):
    """Sends the body at `rate` bytes per second, in ten parts a second; `--max-delay` bounds the whole."""

    word: ClassVar[str] = "rate"
    short: ClassVar[str] = "search:rate=500"

    rate: Annotated[int, Whole(1, 2**31)]

    def paced(self, wire: Wire, sleep: Sleep, longest_s: float) -> Wire:
        """Return a wire that sends slowly."""
        return _Slow(wire, self.rate, longest_s, sleep)


@dataclass(frozen=True, slots=True)
class _Slow(PassedOn):
    rate: int
    longest_s: float
    sleep: Sleep

    async def body(self, part: bytes) -> None:
        """Send a part, wait as long as that part takes, and so on."""
        rate = max(self.rate, len(part) / self.longest_s) if self.longest_s else float("inf")
        step = max(int(min(rate / _STEPS_PER_S, len(part))), 1)
        for at in range(0, len(part), step):
            chunk = part[at : at + step]
            await self.sleep(len(chunk) / rate)
            await self.wire.body(chunk)
