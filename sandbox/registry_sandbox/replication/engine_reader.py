"""Reads the records of a fault engine."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.faults.effect import Activation
from registry_sandbox.faults.effects.rate_limit import LimitRate
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.engine_state import EngineState
from registry_sandbox.faults.live_rule import PRECEDENCE, Fired, LiveRule, NearMiss, Source
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.rule import read_rule
from registry_sandbox.faults.when import Scope, draw
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.rate_limiter import RateLimiter

_NO_HEADERS: Final[CIMultiDictProxy[str]] = CIMultiDictProxy(CIMultiDict())


class EngineReader:
    """Reads one engine. Its methods are named as the records, and take what these tell.

    Args:
        clock: what rules with a memory go by until they are in force somewhere.

    Attributes:
        known: whether there was one to read.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.known = False
        self._rules: list[LiveRule] = []
        self._of_header: list[tuple[str, list[LiveRule]]] = []
        self._gone: list[LiveRule] = []
        self._fired: list[Sequence[Any]] = []
        self._unlisted: list[Sequence[Any]] = []
        self._decisions: list[tuple[str, Sequence[int]]] = []

    def engine(self, seed: int, activations: int, numbered: int) -> None:
        """Read its numbers."""
        self.known = True
        self._seed, self._activations, self._numbered = seed, activations, numbered

    def header(self, text: str) -> None:
        """Read the text of a header, whose rules follow."""
        self._of_header.append((text, []))

    def rule(self, spec: Any, source: Source, since_s: float, matched: int, fired: int, misses: Sequence[Any]) -> None:  # noqa: PLR0913, PLR0917 - what there is to know of a rule
        """Read a rule."""
        live = LiveRule(read_rule(spec, "rule", "rule"), source, since_s, matched=matched, fired=fired)
        live.near_misses = [NearMiss(at_s, _facts(facts), why) for at_s, facts, why in misses]
        rules = self._of_header[-1][1] if self._of_header else self._rules
        live.rank = (PRECEDENCE.index(source), len(rules))
        rules.append(live)

    def counts(self, some: Iterable[Sequence[Any]]) -> None:
        """Read counts of the last rule."""
        for what, client, resource, count in some:
            self._last.counters.add(what, Scope(client, resource), count)

    def windows(self, some: Sequence[tuple[str, tuple[float, int]]]) -> None:
        """Read windows of the last rule, which limits the rate."""
        self._resume(self._last, some)

    def gone(self, spec: Any, source: Source, since_s: float, windows: Sequence[Any]) -> None:
        """Read a rule that is in force no more."""
        live = LiveRule(read_rule(spec, "rule", "rule"), source, since_s)
        if windows:
            self._resume(live, windows)
        self._gone.append(live)

    def fired(self, some: Sequence[Any]) -> None:
        """Read activations, oldest first."""
        self._fired += some

    def unlisted(self, some: Sequence[Any]) -> None:
        """Read activations that are known only to decisions."""
        self._unlisted += some

    def decisions(self, some: Iterable[tuple[str, Sequence[int]]]) -> None:
        """Read decisions."""
        self._decisions += some

    def state(self) -> EngineState:
        """Return the state."""
        of_header = tuple((text, tuple(rules)) for text, rules in self._of_header)
        lives = [*self._rules, *(live for _, rules in of_header for live in rules), *self._gone]
        fired = tuple(self._activation(each, lives) for each in self._fired)
        return EngineState(self._seed, tuple(self._rules), of_header, fired, self._activations, self._numbered)

    def remember(self, engine: FaultEngine) -> OrderedDict[str, tuple[Fired, ...]]:
        """Let an engine that has resumed the state know what its own rules did; return the decisions."""
        lives = [*engine.lives(), *self._gone]
        fired = [self._activation(each, lives) for each in [*self._fired, *self._unlisted]]
        engine.remember(fired[: len(self._fired)], self._activations)
        return OrderedDict((number, tuple(fired[at] for at in places)) for number, places in self._decisions)

    @property
    def _last(self) -> LiveRule:
        return self._of_header[-1][1][-1] if self._of_header else self._rules[-1]

    def _resume(self, live: LiveRule, windows: Iterable[tuple[str, tuple[float, int]]]) -> None:
        limit = next(each.rate_limit for each in live.rule.then.effects if isinstance(each, LimitRate))
        limiter = live.memory.setdefault(LimitRate.word, RateLimiter(limit, self._clock))
        limiter.resume({**limiter.windows, **{client: (since_s, sent) for client, (since_s, sent) in windows}})

    def _activation(self, written: Sequence[Any], lives: Sequence[LiveRule]) -> Fired:
        at_s, at, facts, (counted, drawn), nth_counted, nth_drawn = written
        live, scope = lives[at], Scope(*drawn)
        draws = partial(draw, self._seed, live.rule.id, scope, nth_drawn)
        activation = Activation(live.rule.id, draws, live.rule.then.commit, live.memory)
        return Fired(at_s, live, activation, _facts(facts), Scope(*counted), nth_counted, scope, nth_drawn)


def _facts(written: Sequence[Any]) -> Facts:
    interaction, logical_id, client, patients = written
    return Facts(interaction, logical_id, client, _NO_HEADERS, tuple(patients))
