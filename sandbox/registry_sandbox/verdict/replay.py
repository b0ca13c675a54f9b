"""The fault file that provokes a finding again: rules without chance, made of what fired among its exchanges."""

from collections.abc import Iterable, Iterator
from typing import Any

from registry_sandbox.faults.injector import ActiveFaults
from registry_sandbox.faults.live_rule import Fired
from registry_sandbox.faults.replay_export import replay_rules
from registry_sandbox.verdict.seen import Seen


def replay(seen: Iterable[Seen]) -> str:
    """Return a fault file (YAML) that makes the same happen again; empty where no fault had fired."""
    exchanges = list(seen)
    rules = replay_rules(each for one in exchanges for each in _fired(one) if each.live.source != "setting")
    rules += _variations(exchanges)
    if not rules:
        return ""
    import yaml  # only where there is something to write: 40 ms

    text: str = yaml.safe_dump({"faults": rules}, sort_keys=False, allow_unicode=True)
    return text


def _variations(exchanges: Iterable[Seen]) -> Iterator[dict[str, Any]]:
    """Return rules for the variations that `--vary` made; it acts on every exchange, so nothing is counted."""
    varied: dict[str, dict[str, None]] = {}
    for each in exchanges:
        injected = each.exchange.request.injected
        if injected is not None and injected.notes and any(one.live.source == "setting" for one in _fired(each)):
            varied.setdefault(each.interaction, {}).update(dict.fromkeys(injected.notes))
    for interaction, names in varied.items():
        yield {"id": f"vary-{interaction}", "match": {"interaction": interaction}, "then": {"vary": list(names)}}


def _fired(seen: Seen) -> list[Fired]:
    injected = seen.exchange.request.injected
    return injected.decision.fired if isinstance(injected, ActiveFaults) else []
