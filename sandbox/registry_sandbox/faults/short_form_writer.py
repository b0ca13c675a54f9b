"""Writes the short form of a rule, where it has one: what `short_form` reads."""

import json
from collections.abc import Mapping
from typing import Any

from registry_sandbox.faults.fields import BadFault
from registry_sandbox.faults.rule import Rule
from registry_sandbox.faults.short_form import long_form

_BRACKETS = ("{", "[", '"')


def short_form(rule: Rule) -> str:
    """Return the short form; empty if the rule can only be said in its long form, as one with `match.client`."""
    spec = rule.spec
    text = f"{_target(spec.get('match', {}))}:{_then(spec['then'])}"
    when = ",".join(f"{_condition(key, value)}" for key, value in spec.get("when", {}).items())
    text = f"{text}@{when}" if when else text
    return text if _means(text, rule) else ""


def _means(text: str, rule: Rule) -> bool:
    """Return True if the text is read as this very rule; else something of the rule has no place in a short form."""
    try:
        said = long_form(text, "")
    except BadFault:
        return False
    return all(_same(said.get(key, {}), rule.spec.get(key, {})) for key in ("match", "when", "then", "ttl"))


def _same(said: Any, meant: Any) -> bool:
    return bool(_unified(said) == _unified(meant))


def _unified(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _unified(each) for key, each in value.items()}
    if isinstance(value, list) and len(value) == 1:
        return _unified(value[0])
    return value


def _target(match: Mapping[str, Any]) -> str:
    interaction = match.get("interaction", "*")
    target = interaction if isinstance(interaction, str) else "?"
    return f"{target}/{match['id']}" if "id" in match else target


def _then(then: Mapping[str, Any]) -> str:
    parts = []
    for key, value in then.items():
        if key == "wire" or (key == "status" and isinstance(value, int)):
            parts.append(str(value))
        elif value is True:
            parts.append(key)
        else:
            parts.append(f"{key}={_value(value)}")
    return "+".join(parts)


def _value(value: Any) -> str:
    if isinstance(value, str) and value[:1] not in _BRACKETS and not set(value) & set("@+;"):
        return value
    return json.dumps(value, ensure_ascii=False)


def _condition(key: str, value: Any) -> str:
    if key == "probability":
        return f"{round(value * 100, 9):g}%"
    if key == "times":
        return f"x{value}"
    if key == "nth":
        return ",".join(f"#{each}" for each in (value if isinstance(value, list) else [value]))
    return f"{key}={value}"
