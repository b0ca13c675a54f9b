"""A rule in force: where it came from, since when, and what it has counted."""

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from registry_sandbox.faults.counters import Counters
from registry_sandbox.faults.effect import Activation, Effect
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.rule import Rule, effect_is_for
from registry_sandbox.faults.when import Scope
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.rate_limiter import RateLimiter

Source = Literal["header", "http", "flag", "file", "sentinel", "setting"]
PRECEDENCE: Final[tuple[Source, ...]] = ("header", "http", "flag", "file", "sentinel", "setting")


NEAR_MISSES: Final = 10
"""How many near misses of a rule are kept, and shown."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An exchange on which a rule nearly fired, and why it did not.

    `at_s` is in seconds since 1970 on the sandbox's clock.
    """

    at_s: float
    facts: Facts
    why: str


@dataclass(slots=True, eq=False)
class LiveRule:
    """A rule in force.

    Attributes:
        since_s: when it was set, in seconds since 1970 on the sandbox's clock.
        rank: orders rules by precedence, lowest first: the position of the source in `PRECEDENCE`, then the position in
            the engine's list.
        matched, fired: counted over all scopes; `counters` counts them apart.
        memory: what the effects of the rule keep from one exchange to the next, by their words.
        near_misses: the last exchanges that matched without the rule firing.
    """

    rule: Rule
    source: Source
    since_s: float
    rank: tuple[int, int] = (0, 0)
    matched: int = 0
    fired: int = 0
    counters: Counters = field(default_factory=Counters)
    interactions: frozenset[str] = frozenset()
    memory: dict[str, RateLimiter] = field(default_factory=dict)
    near_misses: list[NearMiss] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Compute the interactions once, not for every exchange."""
        self.interactions = frozenset(self.rule.interactions)

    def note_near_miss(self, at_s: float, facts: Facts, why: str) -> None:
        """Note an exchange on which the rule nearly fired; only the last are kept."""
        self.near_misses.append(NearMiss(at_s, facts, why))
        del self.near_misses[:-NEAR_MISSES]

    def copy(self, clock: Clock) -> "LiveRule":
        """Return the rule with the same counts and memory, to count on apart; `clock` is that of its new registry."""
        memory = {word: _remembered(limiter, clock) for word, limiter in self.memory.items()}
        return replace(self, counters=self.counters.copy(), memory=memory, near_misses=[*self.near_misses])

    def effects_for(self, interaction: str) -> list[Effect]:
        """Return the effects that have a meaning for the interaction."""
        return [each for each in self.rule.then.effects if effect_is_for(each, interaction)]

    def expired(self, now_s: float) -> bool:
        """Return True if the rule's time to live is over."""
        return self.rule.ttl is not None and now_s >= self.since_s + self.rule.ttl


def _remembered(limiter: RateLimiter, clock: Clock) -> RateLimiter:
    other = RateLimiter(limiter.limit, clock)
    other.resume(limiter.windows)
    return other


@dataclass(frozen=True, slots=True, eq=False)
class Fired:
    """One activation of a rule, with its ordinals: what a replay needs to find the same exchange again.

    `at_s` is in seconds since 1970 on the sandbox's clock. `counted` and `drawn` are the scopes of counting and of
    drawing; the `nth_` fields are the ordinals in them.
    """

    at_s: float
    live: LiveRule
    activation: Activation
    facts: Facts
    counted: Scope
    nth_counted: int
    drawn: Scope
    nth_drawn: int
