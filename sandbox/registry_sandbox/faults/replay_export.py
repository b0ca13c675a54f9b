"""Replay export: what fired, as explicit rules without chance that make the same exchanges fail again.

The rules hit the same requests again if they come in the same order within each scope. Ids that the sandbox assigns are
the same in every run with the same random seed.
"""

from collections.abc import Iterable
from typing import Any

from registry_sandbox.faults.live_rule import Fired, LiveRule
from registry_sandbox.faults.match import WITH_ID
from registry_sandbox.faults.when import Scope


def replay_rules(activations: Iterable[Fired]) -> list[dict[str, Any]]:
    """Return the long forms of rules that replay these activations, in order of precedence."""
    ordinals: dict[tuple[LiveRule, Scope], list[int]] = {}
    for each in activations:
        drawn = each.live.rule.when.probability is not None
        scope, ordinal = (each.drawn, each.nth_drawn) if drawn else (each.counted, each.nth_counted)
        ordinals.setdefault((each.live, scope), []).append(ordinal)
    ordered = sorted(ordinals.items(), key=lambda item: item[0][0].rank)
    numbered: dict[str, int] = {}
    rules = []
    for (live, scope), nth in ordered:
        numbered[live.rule.id] = numbered.get(live.rule.id, 0) + 1
        rules.append(_rule(live, scope, nth, f"{live.rule.id[:50]}.{numbered[live.rule.id]}"))
    return rules


def _rule(live: LiveRule, scope: Scope, nth: list[int], rule_id: str) -> dict[str, Any]:
    match = dict(live.rule.spec.get("match", {}))
    if scope.client:
        match["client"] = scope.client
    if scope.resource:
        match["id"] = scope.resource
        match["interaction"] = _narrowed(live, with_id=True)
    elif _is_narrow(live):
        match["interaction"] = _narrowed(live, with_id=False)
    when = {"nth": sorted(set(nth))}
    return {"id": rule_id, **({"match": match} if match else {}), "when": when, "then": live.rule.spec["then"]}


def _is_narrow(live: LiveRule) -> bool:
    when = live.rule.when
    return when.per == "resource" or (when.per is None and when.probability is not None)


def _narrowed(live: LiveRule, *, with_id: bool) -> list[str]:
    return [each for each in live.rule.match.interactions if (each in WITH_ID) == with_id]
