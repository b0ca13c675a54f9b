"""The plan of a tenant: the rules in force by source, and the one decision that each exchange gets.

Precedence, first to last: a request's own header, HTTP (newest first), flags and environment, file, sentinels. The
first terminal wins; other effects accumulate; where two rules have the same effect, the higher one's holds.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, takewhile
from operator import attrgetter
from typing import Final, Literal

from registry_sandbox.faults.effect import Activation, Effect
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.rule import Rule, effect_is_for
from registry_sandbox.faults.when import Scope, count_scope, draw, draw_scope
from registry_sandbox.runtime.clock import Clock

Source = Literal["header", "http", "flag", "file", "sentinel"]
PRECEDENCE: Final[tuple[Source, ...]] = ("header", "http", "flag", "file", "sentinel")

_SCOPES_AT_MOST = 100_000
_FIRINGS_AT_MOST = 10_000


class Counters:
    """Counts by scope; the scopes that were used longest ago are forgotten, so that it cannot grow without end."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, Scope], int] = OrderedDict()

    def of(self, what: str, scope: Scope) -> int:
        """Give a count."""
        return self._counts.get((what, scope), 0)

    def add(self, what: str, scope: Scope, by: int = 1) -> int:
        """Change a count, and give what it is now."""
        key = (what, scope)
        count = self._counts[key] = self._counts.get(key, 0) + by
        self._counts.move_to_end(key)
        if len(self._counts) > _SCOPES_AT_MOST:
            self._counts.popitem(last=False)
        return count


@dataclass(slots=True, eq=False)
class LiveRule:
    """A rule in force, since when (on the sandbox's clock), and what it counted."""

    rule: Rule
    source: Source
    since_s: float
    rank: tuple[int, int] = (0, 0)
    matched: int = 0
    fired: int = 0
    counters: Counters = field(default_factory=Counters)
    interactions: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Note the interactions that it can act on."""
        self.interactions = frozenset(self.rule.interactions)

    def expired(self, now_s: float) -> bool:
        """Whether its time to live is over."""
        return self.rule.ttl is not None and now_s >= self.since_s + self.rule.ttl


@dataclass(frozen=True, slots=True, eq=False)
class Fired:
    """One firing, with its ordinals: what is needed to say later which exchange it was."""

    at_s: float
    live: LiveRule
    interaction: str
    logical_id: str
    client: str
    counted: Scope
    nth_counted: int
    drawn: Scope
    nth_drawn: int


@dataclass(slots=True)
class Decision:
    """What is in force for one exchange: effects with the firing of their rule, in order of precedence."""

    effects: list[tuple[Effect, Activation]]
    terminal: tuple[Effect, Activation] | None
    commit: bool
    fired: list[Fired]

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The rules that fired."""
        return tuple(each.live.rule.id for each in self.fired)


class FaultEngine:
    """The rules of one tenant.

    `interactions` are those that a rule is about whoever the patient is, `patients` the NHS numbers that rules name,
    and `beginning` is how all of these begin: most exchanges name none of them, and that must be seen at a glance.

    Args:
        seed: what all draws begin with.
        clock: of the sandbox.
        configured: the rules that it starts with, in order of precedence within their source.
    """

    def __init__(self, seed: int, clock: Clock, configured: Iterable[tuple[Source, Sequence[Rule]]] = ()) -> None:
        self._seed = seed
        self._clock = clock
        self._configured = [(source, rule) for source, rules in configured for rule in rules]
        self.reset()

    def reset(self) -> None:
        """Return to the rules that it started with, and to counts of nothing."""
        now_s = self._clock.timestamp()
        self._rules = [LiveRule(rule, source, now_s) for source, rule in self._configured]
        self._of_header: OrderedDict[str, list[LiveRule]] = OrderedDict()
        self._fired: deque[Fired] = deque(maxlen=_FIRINGS_AT_MOST)
        self.activations = 0
        self._numbered = 0
        self._arrange()

    def _arrange(self) -> None:
        self._rules.sort(key=lambda each: PRECEDENCE.index(each.source))
        self._general: dict[str, tuple[LiveRule, ...]] = {}
        self._of_patient: dict[str, tuple[LiveRule, ...]] = {}
        for at, live in enumerate(self._rules):
            live.rank = (PRECEDENCE.index(live.source), at)
            patient = live.rule.match.patient
            if patient is not None:
                self._of_patient[patient] = (*self._of_patient.get(patient, ()), live)
                continue
            for interaction in live.interactions:
                self._general[interaction] = (*self._general.get(interaction, ()), live)
        self.interactions = frozenset(self._general)
        self.patients = frozenset(self._of_patient)
        self.beginning = _common_beginning(sorted(self._of_patient))

    def __iter__(self) -> Iterator[LiveRule]:
        """The rules in force, in order of precedence."""
        self._expire()
        return iter(list(self._rules))

    def find(self, rule_id: str) -> LiveRule | None:
        """Give the rule of an id."""
        return next((live for live in self if live.rule.id == rule_id), None)

    def new_id(self) -> str:
        """Give an id for a rule that is set over HTTP without one: the same in every run."""
        taken = {live.rule.id for live in self._rules}
        while True:
            self._numbered += 1
            if f"http-{self._numbered}" not in taken:
                return f"http-{self._numbered}"

    def put(self, rule: Rule) -> LiveRule:
        """Put a rule in force over HTTP, before all that were."""
        live = LiveRule(rule, "http", self._clock.timestamp())
        self._rules.insert(0, live)
        self._arrange()
        return live

    def replace(self, rules: Sequence[Rule]) -> None:
        """Put rules in force over HTTP in the place of all that were set so, in order of precedence."""
        now_s = self._clock.timestamp()
        kept = [live for live in self._rules if live.source != "http"]
        self._rules = [*(LiveRule(rule, "http", now_s) for rule in rules), *kept]
        self._arrange()

    def remove(self, rule_id: str) -> bool:
        """Take a rule out of force, until the next reset at least; False where there is none of that id."""
        kept = [live for live in self._rules if live.rule.id != rule_id]
        found = len(kept) < len(self._rules)
        self._rules = kept
        self._arrange()
        return found

    def fired(self) -> list[Fired]:
        """The firings, oldest first; the last 10,000 of them."""
        return list(self._fired)

    def _expire(self) -> None:
        now_s = self._clock.timestamp()
        if any(live.expired(now_s) for live in self._rules):
            self._rules = [live for live in self._rules if not live.expired(now_s)]
            self._arrange()

    def of_header(self, text: str, rules: Sequence[Rule]) -> list[LiveRule]:
        """Give the live rules of a header's text: the same as before where it was sent before, so that counts hold."""
        known = self._of_header.get(text)
        if known is None:
            rank = PRECEDENCE.index("header")
            now_s = self._clock.timestamp()
            known = [LiveRule(rule, "header", now_s, (rank, at)) for at, rule in enumerate(rules)]
            self._of_header[text] = known
            if len(self._of_header) > _SCOPES_AT_MOST // 100:
                self._of_header.popitem(last=False)
        return known

    def decide(self, facts: Facts, of_header: Sequence[LiveRule] = ()) -> Decision | None:
        """Decide once for an exchange: count it for every rule that it matches, and give what is in force."""
        general = self._general.get(facts.interaction, ())
        of_patient = chain.from_iterable(self._of_patient.get(each, ()) for each in facts.patients)
        candidates = sorted({*general, *of_patient, *of_header}, key=attrgetter("rank"))
        now_s = self._clock.timestamp()
        decision = Decision([], None, commit=False, fired=[])
        for live in candidates:
            if facts.interaction in live.interactions and live.rule.match.fits(facts) and not live.expired(now_s):
                self._consider(live, facts, now_s, decision)
        return decision if decision.fired else None

    def _consider(self, live: LiveRule, facts: Facts, now_s: float, decision: Decision) -> None:
        when, counters = live.rule.when, live.counters
        counted = count_scope(when.per, facts.client, facts.logical_id)
        drawn = draw_scope(when.per, facts.client, facts.logical_id)
        live.matched += 1
        nth = counters.add("matched", counted)
        nth_drawn = nth if drawn == counted else counters.add("drawn", drawn)
        if not when.holds(matched=nth, fired=counters.of("fired", counted), elapsed_s=now_s - live.since_s):
            return
        draws = partial(draw, self._seed, live.rule.id, drawn, nth_drawn)
        if when.probability is not None and draws("fires") >= when.probability:
            return
        if _contribute(live, Activation(live.rule.id, draws), facts.interaction, decision):
            live.fired += 1
            counters.add("fired", counted)
            self.activations += 1
            fired = Fired(
                now_s, live, facts.interaction, facts.logical_id, facts.client, counted, nth, drawn, nth_drawn
            )
            self._fired.append(fired)
            decision.fired.append(fired)

    def release(self, decision: Decision) -> None:
        """Take the firing of a terminal back: it was to follow a write that did not come about."""
        if decision.terminal is None:
            return
        rule_id = decision.terminal[1].rule_id
        decision.terminal, decision.commit = None, False
        decision.effects = [each for each in decision.effects if each[1].rule_id != rule_id]
        for fired in [each for each in decision.fired if each.live.rule.id == rule_id]:
            decision.fired.remove(fired)
            fired.live.fired -= 1
            fired.live.counters.add("fired", fired.counted, -1)
            self.activations -= 1
            if fired in self._fired:
                self._fired.remove(fired)


def _contribute(live: LiveRule, activation: Activation, interaction: str, decision: Decision) -> bool:
    """Add what a rule does to what higher ones do, and say whether that was anything."""
    contributed = False
    for effect in live.rule.then.effects:
        if not effect_is_for(effect, interaction):
            continue
        if effect.terminal:
            if decision.terminal is None:
                decision.terminal, decision.commit = (effect, activation), live.rule.then.commit
                contributed = True
            continue
        at = next((at for at, (other, _) in enumerate(decision.effects) if other.word == effect.word), None)
        if at is None:
            decision.effects.append((effect, activation))
            contributed = True
            continue
        higher, of_higher = decision.effects[at]
        joined = higher.joined_with(effect)
        if joined != higher:
            decision.effects[at] = (joined, of_higher)
            contributed = True
    return contributed


def _common_beginning(texts: Sequence[str]) -> str:
    # What the first and the last in order share, all between them share.
    if not texts:
        return ""
    pairs = zip(texts[0], texts[-1], strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
