"""The fault engine of one registry: the rules in force, and one decision for each exchange.

Precedence, first to last: a request's own header, HTTP (newest first), flags and environment, file, sentinels. The
first terminal wins. Other effects accumulate; where two rules have the same effect, the higher rule's holds.
"""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, takewhile
from operator import attrgetter
from typing import Final

from registry_sandbox.faults.decision import Decision
from registry_sandbox.faults.effect import Activation
from registry_sandbox.faults.engine_state import EngineState
from registry_sandbox.faults.holding import Holdings
from registry_sandbox.faults.live_rule import PRECEDENCE, Fired, LiveRule, Source
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.rule import Rule
from registry_sandbox.faults.when import count_scope, draw, draw_scope
from registry_sandbox.http.request import Request
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.rate_limiter import RateLimit, RateLimiter

NOTHING_TO_SPOIL: Final = "matched, nothing to spoil"
_MAX_HEADER_TEXTS: Final = 1_000
_MAX_FIRED: Final = 10_000


class FaultEngine:
    """The rules in force and what they have counted.

    Most exchanges meet no rule, and finding that out must cost next to nothing. So three attributes are kept ready:
    `interactions` has every interaction that a rule without a patient can act on, `patients` the NHS numbers that
    rules name, and `patient_prefix` what all these numbers begin with.

    Args:
        seed: the start of every draw.
        clock: the sandbox's.
        configured: the rules to start with, in order of precedence within their source.
    """

    def __init__(self, seed: int, clock: Clock, configured: Iterable[tuple[Source, Sequence[Rule]]] = ()) -> None:
        self.seed = self._first_seed = seed
        self._clock = clock
        self.holdings = Holdings()
        self._configured = [(source, rule) for source, rules in configured for rule in rules]
        self.reset()

    def reset(self) -> None:
        """Return to the rules at the start, with all counts at 0; break off the exchanges that are held."""
        self.holdings.break_off()
        self.seed, now_s = self._first_seed, self._clock.timestamp()
        self._rules = [LiveRule(rule, source, now_s) for source, rule in self._configured]
        self._of_header: OrderedDict[str, list[LiveRule]] = OrderedDict()
        self._fired: deque[Fired] = deque(maxlen=_MAX_FIRED)
        self.activations = 0
        self._numbered = 0
        self._index()

    @property
    def state(self) -> EngineState:
        """All that the engine knows now, for `resume`."""
        return EngineState(
            self.seed,
            self._copied(self._rules),
            tuple((text, self._copied(rules)) for text, rules in self._of_header.items()),
            tuple(self._fired),
            self.activations,
            self._numbered,
        )

    def resume(self, state: EngineState) -> None:
        """Count on from what an engine knew; break off the exchanges that are held."""
        self.holdings.break_off()
        self.seed, self.activations, self._numbered = state.seed, state.activations, state.numbered
        self._rules = list(self._copied(state.rules))
        self._of_header = OrderedDict((text, list(self._copied(rules))) for text, rules in state.of_header)
        self._fired = deque(state.fired, maxlen=_MAX_FIRED)
        self._index()

    def _copied(self, rules: Iterable[LiveRule]) -> tuple[LiveRule, ...]:
        return tuple(live.copy(self._clock) for live in rules)

    def _index(self) -> None:
        """Sort the rules by precedence and prepare the look-ups of `decide`.

        A rule that names a patient is found by that patient alone, so that dozens of sentinels cost an exchange with
        anybody else nothing; all other rules are found by the interaction.
        """
        self._rules.sort(key=lambda each: PRECEDENCE.index(each.source))
        self._by_interaction: dict[str, tuple[LiveRule, ...]] = {}
        self._by_patient: dict[str, tuple[LiveRule, ...]] = {}
        for at, live in enumerate(self._rules):
            live.rank = (PRECEDENCE.index(live.source), at)
            patient = live.rule.match.patient
            if patient is not None:
                self._by_patient[patient] = (*self._by_patient.get(patient, ()), live)
                continue
            for interaction in live.interactions:
                self._by_interaction[interaction] = (*self._by_interaction.get(interaction, ()), live)
        self.interactions = frozenset(self._by_interaction)
        self.patients = frozenset(self._by_patient)
        self.patient_prefix = _common_prefix(self._by_patient)

    def __iter__(self) -> Iterator[LiveRule]:
        """Iterate over the rules in force, in order of precedence."""
        now_s = self._clock.timestamp()
        return iter([live for live in self._rules if not live.expired(now_s)])

    def find(self, rule_id: str) -> LiveRule | None:
        """Return the rule with this id, or None."""
        return next((live for live in self if live.rule.id == rule_id), None)

    def new_id(self) -> str:
        """Return a free id for a rule that is set over HTTP without one; every run returns the same ids."""
        taken = {live.rule.id for live in self._rules}
        while True:
            self._numbered += 1
            if f"http-{self._numbered}" not in taken:
                return f"http-{self._numbered}"

    def put(self, rule: Rule) -> LiveRule:
        """Put a rule that came over HTTP in force, before all others that did. Its id must be free."""
        self._expire()
        live = LiveRule(rule, "http", self._clock.timestamp())
        self._rules.insert(0, live)
        self._index()
        return live

    def replace(self, rules: Sequence[Rule]) -> None:
        """Replace all rules that came over HTTP; `rules` are in order of precedence.

        What the replaced ones hold goes on.
        """
        self._expire()
        now_s = self._clock.timestamp()
        kept = [live for live in self._rules if live.source != "http"]
        for live in self._rules:
            if live.source == "http":
                self.holdings.release(live.rule.id)
        self._rules = [*(LiveRule(rule, "http", now_s) for rule in rules), *kept]
        self._index()

    def remove(self, rule_id: str) -> bool:
        """Take a rule out of force, until the next reset at least; return False if no rule has this id.

        What it holds goes on.
        """
        self._expire()
        kept = [live for live in self._rules if live.rule.id != rule_id]
        found = len(kept) < len(self._rules)
        self.holdings.release(rule_id)
        self._rules = kept
        self._index()
        return found

    def lives(self) -> list[LiveRule]:
        """Return every rule that may fire: those in force, and those of headers."""
        return [*self._rules, *(live for rules in self._of_header.values() for live in rules)]

    def remember(self, fired: Iterable[Fired], activations: int) -> None:
        """Replace all activations by these; their rules are among `lives`, or no longer in force."""
        self._fired = deque(fired, maxlen=_MAX_FIRED)
        self.activations = activations

    def fired(self) -> list[Fired]:
        """Return the last 10,000 activations, oldest first."""
        return list(self._fired)

    def _expire(self) -> None:
        """Forget the rules whose time is over; whoever only looks forgets nothing."""
        now_s = self._clock.timestamp()
        if any(live.expired(now_s) for live in self._rules):
            self._rules = [live for live in self._rules if not live.expired(now_s)]
            self._index()

    def of_header(self, text: str, rules: Sequence[Rule]) -> list[LiveRule]:
        """Return the live rules of a header's text.

        The same text has the same live rules, so that `x1` in a header that a client always sends fires once.
        """
        known = self._of_header.get(text)
        if known is None:
            rank, now_s = PRECEDENCE.index("header"), self._clock.timestamp()
            known = [LiveRule(rule, "header", now_s, (rank, at)) for at, rule in enumerate(rules)]
            self._of_header[text] = known
            if len(self._of_header) > _MAX_HEADER_TEXTS:
                self._of_header.popitem(last=False)
        return known

    def decide(self, facts: Facts, of_header: Sequence[LiveRule] = ()) -> Decision | None:
        """Decide once for an exchange: count it for each rule that it matches, and return what is in force.

        Returns None if no rule fires.
        """
        now_s = self._clock.timestamp()
        decision = Decision()
        for live in self.matching(facts, of_header):
            self._consider(live, facts, now_s, decision)
        return decision if decision.fired else None

    def decided(self, facts: Facts, header: str | None, rules: Sequence[Rule]) -> Decision | None:
        """Decide likewise, with the rules that a request's own header brings; `header` is its text, if there is one."""
        return self.decide(facts, () if header is None else self.of_header(header, rules))

    def matching(self, facts: Facts, of_header: Sequence[LiveRule] = ()) -> list[LiveRule]:
        """Return the rules that match an exchange, in order of precedence; count nothing."""
        general = self._by_interaction.get(facts.interaction, ())
        of_patient = chain.from_iterable(self._by_patient.get(each, ()) for each in facts.patients)
        # A set, because an exchange can name one patient twice; sorted, because precedence decides who wins.
        candidates = sorted({*general, *of_patient, *of_header}, key=attrgetter("rank"))
        now_s = self._clock.timestamp()
        return [
            live
            for live in candidates
            if facts.interaction in live.interactions and live.rule.match.fits(facts) and not live.expired(now_s)
        ]

    def _consider(self, live: LiveRule, facts: Facts, now_s: float, decision: Decision) -> None:
        """Count a match of a rule, and add the rule to the decision if its conditions hold.

        A rule can have two scopes. `per` names the scope of counting; without it, the whole rule counts together.
        Draws without `per` are made for each client on each resource, so that what other clients do never changes a
        verdict. Each scope has its own ordinal, and the ordinal is what the draw hashes: so it is counted even for
        exchanges that do not fire.
        """
        when, counters = live.rule.when, live.counters
        counted = count_scope(when.per, facts.client, facts.logical_id)
        drawn = draw_scope(when.per, facts.client, facts.logical_id)
        live.matched += 1
        nth = counters.add("matched", counted)
        nth_drawn = nth if drawn == counted else counters.add("drawn", drawn)
        draws = partial(draw, self.seed, live.rule.id, drawn, nth_drawn)
        unmet = when.unmet(matched=nth, fired=counters.get("fired", counted), elapsed_s=now_s - live.since_s)
        if not unmet and when.probability is not None and draws("fires") >= when.probability:
            unmet = "probability"
        if unmet:
            live.note_near_miss(now_s, facts, f"when.{unmet}: does not hold for match {nth}")
            return
        # A rule whose effects are all overruled has matched, but it has not fired and keeps its `times`.
        activation = Activation(live.rule.id, draws, live.rule.then.commit, live.memory)
        if decision.add(live, activation, facts.interaction):
            self._count(Fired(now_s, live, activation, facts, counted, nth, drawn, nth_drawn), decision)
        else:
            live.note_near_miss(now_s, facts, f"then: overruled by {', '.join(decision.rule_ids)}")

    def _count(self, fired: Fired, decision: Decision) -> None:
        decision.fired.append(fired)
        fired.live.fired += 1
        fired.live.counters.add("fired", fired.counted)
        if fired.live.source == "setting":  # it acts on every exchange: nobody looks for these in the list
            return
        self.activations += 1
        self._fired.append(fired)

    def wait_s(self, activation: Activation, limit: RateLimit, client: str) -> int:
        """Count an exchange of a client for a rule that limits the rate; return the seconds that it has to wait."""
        return activation.memory.setdefault("rate_limit", RateLimiter(limit, self._clock)).wait_s(client)

    async def hold(self, rule_id: str, request: Request, longest: Awaitable[None]) -> None:
        """Hold an exchange, until it is released or `longest` is over.

        Raises:
            BrokenOff: the sandbox was reset, or stops.
        """
        await self.holdings.hold(rule_id, request, self._clock.timestamp(), longest)

    def settle(self, decision: Decision) -> None:
        """Take back the activations of rules none of whose effects found anything to spoil."""
        for fired in list(decision.fired):
            if not fired.activation.acting:
                self.take_back(decision, fired.live.rule.id)

    def take_back(self, decision: Decision, rule_id: str) -> None:
        """Undo the activation of a rule that did nothing in the end, so that it keeps its `times`."""
        for fired in decision.take_back(rule_id):
            self.uncount(fired)

    def uncount(self, fired: Fired) -> None:
        """Count an activation no longer."""
        fired.live.note_near_miss(fired.at_s, fired.facts, NOTHING_TO_SPOIL)
        fired.live.fired -= 1
        fired.live.counters.add("fired", fired.counted, -1)
        if fired in self._fired:  # False after a reset: the new counts know nothing of it
            self._fired.remove(fired)
            self.activations -= 1


def _common_prefix(texts: Collection[str]) -> str:
    if not texts:
        return ""
    # What the first and the last in alphabetical order share, all between them share too.
    pairs = zip(min(texts), max(texts), strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
