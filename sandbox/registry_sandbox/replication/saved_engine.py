"""A fault engine as records: its rules with their counts, what fired, near misses, and decisions that may be undone.

Replicas that come later shall tell and undo the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from registry_sandbox.faults.effects.rate_limit import LimitRate
from registry_sandbox.faults.engine_state import EngineState
from registry_sandbox.faults.live_rule import Fired, LiveRule
from registry_sandbox.faults.match import Facts
from registry_sandbox.replication.records import batches, record

Decisions = Mapping[str, tuple[Fired, ...]]
Windows = Mapping[str, tuple[float, int]]

NO_DECISIONS: Final[Decisions] = {}
_NO_WINDOWS: Final[Mapping[LiveRule, Windows]] = {}


def lives_of(state: EngineState) -> list[LiveRule]:
    """Return the rules of a state: those in force, then those of headers."""
    return [*state.rules, *(live for _, rules in state.of_header for live in rules)]


def windows_of(live: LiveRule) -> Windows:
    """Return the windows of a rule that limits the rate."""
    limiter = live.memory.get(LimitRate.word)
    return {} if limiter is None else limiter.windows


class EngineWriter:
    """Writes one engine. What fired names its rule by the rule's place among those known, then among those gone.

    Args:
        state: what the engine knows.
        lives: the rules that what fired is about, where `state` has copies of them.
        gone: the windows of rules that are in force no more, by the rule.
    """

    def __init__(
        self,
        state: EngineState,
        lives: Sequence[LiveRule] | None = None,
        gone: Mapping[LiveRule, Windows] = _NO_WINDOWS,
    ) -> None:
        self._state, self._gone = state, gone
        known = lives_of(state) if lives is None else lives
        self._places = {live: at for at, live in enumerate(known)}
        self._numbers: dict[Fired, int] = {}

    def records(self) -> Iterator[bytes]:
        """Yield the engine but for its decisions."""
        state = self._state
        yield record("engine", state.seed, state.activations, state.numbered)
        for live in state.rules:
            yield from _rule(live)
        for text, rules in state.of_header:
            yield record("header", text)
            for live in rules:
                yield from _rule(live)
        for some in batches(state.fired):
            yield from self._activations("fired", some)

    def decisions(self, decisions: Decisions) -> Iterator[bytes]:
        """Yield the decisions, after the engine."""
        for some in batches(decisions.items()):
            unlisted = [each for _, fired in some for each in fired if each not in self._numbers]
            yield from self._activations("unlisted", unlisted)
            yield record("decisions", [[number, [self._numbers[each] for each in fired]] for number, fired in some])

    def _activations(self, kind: str, some: Iterable[Fired]) -> Iterator[bytes]:
        written = []
        for each in some:
            if each.live not in self._places:
                yield self._of_gone(each.live)
            self._numbers[each] = len(self._numbers)
            written.append(self._activation(each))
        yield record(kind, written)

    def _of_gone(self, live: LiveRule) -> bytes:
        self._places[live] = len(self._places)
        return record("gone", dict(live.rule.spec), live.source, live.since_s, [*self._gone.get(live, {}).items()])

    def _activation(self, fired: Fired) -> list[Any]:
        scopes = [[each.client, each.resource] for each in (fired.counted, fired.drawn)]
        at = self._places[fired.live]
        return [fired.at_s, at, _facts(fired.facts), scopes, fired.nth_counted, fired.nth_drawn]


def _rule(live: LiveRule) -> Iterator[bytes]:
    near_misses = [[each.at_s, _facts(each.facts), each.why] for each in live.near_misses]
    yield record("rule", dict(live.rule.spec), live.source, live.since_s, live.matched, live.fired, near_misses)
    for some in batches(live.counters):
        yield record("counts", [[what, scope.client, scope.resource, count] for what, scope, count in some])
    if LimitRate.word in live.memory:
        yield record("windows", [])
        for windows in batches(windows_of(live).items()):
            yield record("windows", windows)


def _facts(facts: Facts) -> list[Any]:
    return [facts.interaction, facts.logical_id, facts.client, facts.patients]
