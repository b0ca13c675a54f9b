"""When: the conditions under which a rule fires on an exchange that it matches. All that are given must hold.

Every draw is a hash of (random seed, rule id, scope, ordinal in the scope), never the next number of a shared stream.
So within a scope the same seed has the same verdicts, however the scopes are interleaved.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any, Literal

from registry_sandbox.faults.kinds import Number, Seconds, Whole

Per = Literal["rule", "client", "resource"]

_MANY = 10**9
Ordinal = Annotated[int, Whole(1, _MANY)]


@dataclass(frozen=True, slots=True)
class When:
    """The conditions.

    `nth`, `skip` and `every` count matches, `times` counts activations, each within the scope `per` (absent: the whole
    rule). `after` and `for` are a window on the sandbox's clock that starts when the rule is set.
    """

    nth: Ordinal | tuple[Ordinal, ...] | None = None
    skip: Annotated[int, Whole(0, _MANY)] = 0
    every: Ordinal = 1
    times: Ordinal | None = None
    probability: Annotated[float, Number(0, 1)] | None = None
    after: Seconds = 0.0
    for_: Seconds | None = None
    per: Per | None = None

    def __post_init__(self) -> None:
        """Refuse conditions that can never hold.

        Raises:
            ValueError: the message names the conditions.
        """
        if self.nth is not None and not any(self._counts(ordinal) for ordinal in self._ordinals):
            raise ValueError(f"nth {self._ordinals} can never hold with skip {self.skip} and every {self.every}")
        if self.for_ == 0:
            raise ValueError("for 0 can never hold; expected a time span, such as 60s")

    @property
    def _ordinals(self) -> tuple[int, ...]:
        if self.nth is None:
            return ()
        return (self.nth,) if isinstance(self.nth, int) else self.nth

    def _counts(self, ordinal: int) -> bool:
        return ordinal > self.skip and (ordinal - self.skip) % self.every == 0

    def unmet(self, *, matched: int, fired: int, elapsed_s: float) -> str:
        """Return the key of a condition that does not hold, or "" if all but the probability hold.

        Args:
            matched: how many exchanges matched in this scope, including this one.
            fired: how many activations there were in this scope.
            elapsed_s: seconds on the sandbox's clock since the rule was set.
        """
        unmet = {
            "nth": self.nth is not None and matched not in self._ordinals,
            "skip": matched <= self.skip,
            "every": (matched - self.skip) % self.every != 0,
            "times": self.times is not None and fired >= self.times,
            "after": elapsed_s < self.after,
            "for": self.for_ is not None and elapsed_s >= self.after + self.for_,
        }
        return next((key for key, fails in unmet.items() if fails), "")

    @property
    def always(self) -> bool:
        """True if the rule fires on every exchange that it matches, at any time."""
        return self == _ALWAYS


_ALWAYS = When()


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of a count: a client, a resource, both, or (both empty) the whole rule."""

    client: str = ""
    resource: str = ""


def count_scope(per: Per | None, client: str, resource: str) -> Scope:
    """Return the scope in which an exchange is counted."""
    if per == "client":
        return Scope(client=client)
    return Scope(resource=resource) if per == "resource" else Scope()


def draw_scope(per: Per | None, client: str, resource: str) -> Scope:
    """Return the scope in which a draw is made: if the rule names none, this client on this resource.

    So by default neither other clients nor other resources can change a verdict.
    """
    return Scope(client, resource) if per is None else count_scope(per, client, resource)


def draw(seed: int, rule_id: str, scope: Scope, ordinal: int, purpose: str) -> float:
    """Return a number from 0 up to 1, evenly distributed."""
    parts: tuple[Any, ...] = (seed, rule_id, scope.client, scope.resource, ordinal, purpose)
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest()[:7]) / 2**56
