"""Reads the rules of one source: a list in order of precedence, each rule in its long or short form."""

from typing import Any

from registry_sandbox.faults.fields import BadFault, shown
from registry_sandbox.faults.rule import Rule, read_rule
from registry_sandbox.faults.short_form import read_short_form

RULES_AT_MOST = 500
"""The bound of one list: each rule is compared with all before it, while all other requests wait."""


def read_rules(specs: Any, place: str, prefix: str) -> list[Rule]:
    """Read a list of rules, in order of precedence.

    Raises:
        BadFault: a rule cannot be used, two have the same id, or one can never fire because of another before it.
    """
    if not isinstance(specs, list):
        raise BadFault(f"{place}: {shown(specs)} cannot be used; expected a list of rules")
    if len(specs) > RULES_AT_MOST:
        raise BadFault(f"{place} has {len(specs)} rules; expected at most {RULES_AT_MOST}")
    rules = [read_either(spec, f"{place}[{at}]", f"{prefix}-{at + 1}") for at, spec in enumerate(specs)]
    require_distinct(rules, place)
    return rules


def read_either(spec: Any, place: str, default_id: str) -> Rule:
    """Read a rule in its long or short form.

    Raises:
        BadFault: the rule cannot be used.
    """
    return read_short_form(spec, place, default_id) if isinstance(spec, str) else read_rule(spec, place, default_id)


def require_distinct(rules: list[Rule], place: str) -> None:
    """Refuse rules of one source if one hides another for ever.

    Raises:
        BadFault: two rules have the same id, or a rule stands behind one that always ends the same exchanges.
    """
    seen: set[str] = set()
    for at, rule in enumerate(rules):
        if rule.id in seen:
            raise BadFault(f"{place}[{at}].id: two rules have the id '{rule.id}'; expected each id once")
        seen.add(rule.id)
        hiding = next((earlier for earlier in rules[:at] if _hides(earlier, rule)), None)
        if hiding is not None:
            raise BadFault(
                f"{place}[{at}]: '{rule.id}' can never fire: '{hiding.id}' before it ends all that it matches"
            )


def _hides(earlier: Rule, rule: Rule) -> bool:
    same = all(
        getattr(earlier.match, key) is None or getattr(earlier.match, key) == getattr(rule.match, key)
        for key in ("id", "patient", "client", "header")
    )
    return (
        same
        and earlier.when.always
        and earlier.ttl is None
        and earlier.then.terminal is not None
        and not earlier.then.commit
        and all(each.terminal for each in rule.then.effects)
        and set(rule.match.interactions) <= set(earlier.match.interactions)
    )
