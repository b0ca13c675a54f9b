"""delay: the exchange takes longer, by a fixed time or by a time drawn from a distribution."""

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.kinds import Number, Seconds


@dataclass(frozen=True, slots=True)
class Uniform:
    """A time from `min` to `max`, all equally likely."""

    min: Seconds
    max: Seconds

    def __post_init__(self) -> None:
        """Refuse an empty range.

        Raises:
            ValueError: `max` is below `min`.
        """
        if self.max < self.min:
            raise ValueError("max is below min; expected at least min")


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Mostly short, at times long, like a network: half of the times are below `median`."""

    median: Seconds
    sigma: Annotated[float, Number(0, 10)]
    max: Seconds | None = None


@dataclass(frozen=True, slots=True)
class Delay(Effect):
    """Waits before the interaction. Exactly one of the fields says how long; `--max-delay` bounds it."""

    word: ClassVar[str] = "delay"
    early: ClassVar[bool] = True
    short: ClassVar[str] = "*:delay=200ms, *:delay=100ms..2s, *:delay=120ms~0.4/2s"

    fixed: Seconds | None = None
    uniform: Uniform | None = None
    lognormal: Lognormal | None = None

    def __post_init__(self) -> None:
        """Require exactly one of the three.

        Raises:
            ValueError: none or several are given.
        """
        if sum(each is not None for each in (self.fixed, self.uniform, self.lognormal)) != 1:
            raise ValueError("expected one of fixed, uniform, lognormal")

    async def before(self, context: FaultContext, activation: Activation) -> None:
        """Wait."""
        await context.sleep(min(self.seconds(activation), context.longest_s))

    def seconds(self, activation: Activation) -> float:
        """Return how long to wait this time, in seconds."""
        if self.uniform is not None:
            return self.uniform.min + activation.draw("delay") * (self.uniform.max - self.uniform.min)
        if self.lognormal is not None:
            drawn = self.lognormal.median * math.exp(self.lognormal.sigma * _normal(activation))
            return drawn if self.lognormal.max is None else min(drawn, self.lognormal.max)
        return self.fixed or 0.0

    @classmethod
    def from_text(cls, text: str) -> Any | None:
        """Read `100ms..2s` as uniform, `120ms~0.4` and `120ms~0.4/2s` (median, sigma, max) as lognormal."""
        if ".." in text:
            least, _, most = text.partition("..")
            return {"uniform": {"min": least, "max": most}}
        if "~" not in text:
            return None
        median, _, rest = text.partition("~")
        sigma, slash, most = rest.partition("/")
        try:
            spread: object = float(sigma)
        except ValueError:
            spread = sigma
        return {"lognormal": {"median": median, "sigma": spread, **({"max": most} if slash else {})}}


def _normal(activation: Activation) -> float:
    # Box-Muller: two draws from the even distribution make one from the normal distribution.
    radius = math.sqrt(-2 * math.log(1 - activation.draw("delay radius")))
    return radius * math.cos(2 * math.pi * activation.draw("delay angle"))
