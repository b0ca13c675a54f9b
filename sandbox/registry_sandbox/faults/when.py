"""When: which of the exchanges that match are hit. All that is given must hold.

Every draw is a hash of (random seed, rule id, scope, ordinal in that scope), never the next of a shared stream: within
a scope the same seed gives the same verdicts, whatever the interleaving of the scopes.
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

    `nth`, `skip` and `every` count the exchanges that match, `times` those that were hit, each in the scope `per`: the
    whole rule where it is absent. `after` and `for` are a window on the sandbox's clock, from when the rule was set.
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
        """Refuse what never holds.

        Raises:
            ValueError: naming the conditions that exclude each other.
        """
        if self.nth is not None and not any(self._counts(ordinal) for ordinal in self._ordinals):
            raise ValueError(f"nth {self._ordinals} never holds beside skip {self.skip} and every {self.every}")
        if self.for_ == 0:
            raise ValueError("for 0 never holds; expected a time span, such as 60s")

    @property
    def _ordinals(self) -> tuple[int, ...]:
        if self.nth is None:
            return ()
        return (self.nth,) if isinstance(self.nth, int) else self.nth

    def _counts(self, ordinal: int) -> bool:
        return ordinal > self.skip and (ordinal - self.skip) % self.every == 0

    def holds(self, *, matched: int, fired: int, elapsed_s: float) -> bool:
        """Whether all conditions but the probability hold.

        Args:
            matched: the exchanges that matched in this scope, this one included.
            fired: those that were hit.
            elapsed_s: on the sandbox's clock, since the rule was set.
        """
        if self.nth is not None and matched not in self._ordinals:
            return False
        if not self._counts(matched) or (self.times is not None and fired >= self.times):
            return False
        return elapsed_s >= self.after and (self.for_ is None or elapsed_s < self.after + self.for_)

    @property
    def always(self) -> bool:
        """Whether every exchange that matches is hit, at any time."""
        return self == _ALWAYS


_ALWAYS = When()


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope of counting: a client, a resource, both, or (both empty) the whole rule."""

    client: str = ""
    resource: str = ""


def count_scope(per: Per | None, client: str, resource: str) -> Scope:
    """Give the scope in which an exchange is counted."""
    if per == "client":
        return Scope(client=client)
    return Scope(resource=resource) if per == "resource" else Scope()


def draw_scope(per: Per | None, client: str, resource: str) -> Scope:
    """Give the scope in which an exchange is drawn for: where the rule names none, this client on this resource.

    So that by default neither other clients nor other resources have a say in the verdict.
    """
    return Scope(client, resource) if per is None else count_scope(per, client, resource)


def draw(seed: int, rule_id: str, scope: Scope, ordinal: int, purpose: str) -> float:
    """Give a number from 0 up to 1, evenly spread."""
    parts: tuple[Any, ...] = (seed, rule_id, scope.client, scope.resource, ordinal, purpose)
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest()[:7]) / 2**56
