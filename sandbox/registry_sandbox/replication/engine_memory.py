"""What a fault engine remembers beside its rules and counts: what fired, near misses, and decisions that may be undone.

It is written for replicas that come later: they shall tell and undo the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.faults.effect import Activation
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.live_rule import Fired, LiveRule, NearMiss
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.rule import read_rule
from registry_sandbox.faults.when import Scope, draw

Decisions = Mapping[str, Sequence[Fired]]

_NO_HEADERS: Final[CIMultiDictProxy[str]] = CIMultiDictProxy(CIMultiDict())


def written(engine: FaultEngine, decisions: Decisions) -> dict[str, Any]:
    """Return what an engine remembers, as JSON; rules that are in force are told by their place among them."""
    known = engine.lives()
    places: dict[LiveRule, Any] = {live: at for at, live in enumerate(known)}
    gone: list[Any] = []

    def place(live: LiveRule) -> int:
        if live not in places:  # a rule that was taken out of force since
            places[live] = len(known) + len(gone)
            gone.append([dict(live.rule.spec), live.source, live.since_s])
        return int(places[live])

    return {
        "fired": [_fired(each, place) for each in engine.fired()],
        "activations": engine.activations,
        "near_misses": [[[each.at_s, _facts(each.facts), each.why] for each in live.near_misses] for live in known],
        "decisions": {number: [_fired(each, place) for each in fired] for number, fired in decisions.items()},
        "gone": gone,  # last: it fills while the others are written
    }


def read(told: Mapping[str, Any], engine: FaultEngine) -> dict[str, tuple[Fired, ...]]:
    """Let an engine that has the same rules remember it; return the decisions."""
    known = engine.lives()
    for live, misses in zip(known, told["near_misses"], strict=True):
        live.near_misses = [NearMiss(at_s, _read_facts(facts), why) for at_s, facts, why in misses]
    gone = [LiveRule(read_rule(spec, "rule", "rule"), source, since_s) for spec, source, since_s in told["gone"]]
    lives = [*known, *gone]
    remembered: dict[str, Fired] = {}

    def fired_of(written_: Sequence[Any]) -> Fired:
        key = repr(written_)  # what fired and what may be undone are the same activations
        if key not in remembered:
            remembered[key] = _read_fired(written_, lives, engine.seed)
        return remembered[key]

    engine.remember(map(fired_of, told["fired"]), told["activations"])
    return {number: tuple(map(fired_of, fired)) for number, fired in told["decisions"].items()}


def _fired(fired: Fired, place: Callable[[LiveRule], int]) -> list[Any]:
    scopes = [[each.client, each.resource] for each in (fired.counted, fired.drawn)]
    return [fired.at_s, place(fired.live), _facts(fired.facts), scopes, fired.nth_counted, fired.nth_drawn]


def _read_fired(written_: Sequence[Any], lives: Sequence[LiveRule], seed: int) -> Fired:
    at_s, at, facts, (counted, drawn), nth_counted, nth_drawn = written_
    live, scope = lives[at], Scope(*drawn)
    draws = partial(draw, seed, live.rule.id, scope, nth_drawn)
    activation = Activation(live.rule.id, draws, live.rule.then.commit, live.memory)
    return Fired(at_s, live, activation, _read_facts(facts), Scope(*counted), nth_counted, scope, nth_drawn)


def _facts(facts: Facts) -> list[Any]:
    return [facts.interaction, facts.logical_id, facts.client, facts.patients]


def _read_facts(written_: Iterable[Any]) -> Facts:
    interaction, logical_id, client, patients = written_
    return Facts(interaction, logical_id, client, _NO_HEADERS, tuple(patients))
