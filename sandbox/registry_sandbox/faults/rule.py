"""A rule (match -> when -> then), read from its long form and checked as a whole."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from registry_sandbox.faults.effect import Effect, is_bare, is_flat, sentence, vocabulary
from registry_sandbox.faults.fields import (
    BadFault,
    from_text,
    members,
    object_schema,
    read,
    read_object,
    require_keys,
    schema,
    shown,
)
from registry_sandbox.faults.kinds import Seconds, Text
from registry_sandbox.faults.match import Match
from registry_sandbox.faults.when import When

RuleId = Annotated[str, Text(r"[A-Za-z0-9._\-]{1,64}", "an id: 1 to 64 letters, digits, dots, hyphens and underscores")]

_COMMIT = "Does the write first, and fails then; the rule fires only if the write succeeded."
_KEYS = ["id", "match", "when", "then", "ttl"]


@dataclass(frozen=True, slots=True)
class Then:
    """What a rule does: any effects, at most one of them terminal.

    `commit` is True if the terminal acts after the write instead of before it.
    """

    effects: tuple[Effect, ...]
    commit: bool = False

    @property
    def terminal(self) -> Effect | None:
        """The effect that replaces the answer, or None."""
        return next((each for each in self.effects if each.terminal), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `spec` is its long form as JSON; `ttl` is how many seconds it is in force, on the sandbox's clock."""

    id: str
    match: Match
    when: When
    then: Then
    spec: Mapping[str, Any] = field(repr=False, compare=False)
    ttl: float | None = None

    @property
    def interactions(self) -> tuple[str, ...]:
        """The codes of the interactions that the rule can act on."""
        return tuple(
            each for each in self.match.interactions if any(effect_is_for(one, each) for one in self.then.effects)
        )


def described(rule: Rule) -> str:
    """Return a line that describes a rule: its id and its long form as JSON."""
    parts = {key: value for key, value in rule.spec.items() if key != "id"}
    return f"{rule.id}: {json.dumps(parts, ensure_ascii=False)}"


def effect_is_for(effect: Effect, interaction: str) -> bool:
    """Return True if the effect has a meaning for the interaction."""
    return not effect.only or interaction in effect.only


def read_rule(spec: Any, place: str, default_id: str) -> Rule:
    """Read a rule's long form.

    Raises:
        BadFault: a key is unknown, a value cannot be used, or the rule could never fire; the message names the place.
    """
    require_keys(spec, _KEYS, place)
    if "then" not in spec:
        raise BadFault(f"{place}: 'then' is missing")
    match = read_object(Match, spec.get("match", {}), f"{place}.match")
    rule = Rule(
        id=read(RuleId, spec.get("id", default_id), f"{place}.id"),
        match=match,
        when=read_object(When, spec.get("when", {}), f"{place}.when"),
        then=_read_then(spec["then"], f"{place}.then"),
        spec={"id": spec.get("id", default_id), **{key: _said(key, spec[key]) for key in _KEYS[1:] if key in spec}},
        ttl=read(Seconds, spec["ttl"], f"{place}.ttl") if "ttl" in spec else None,
    )
    _require_reachable(rule, place)
    return rule


def _said(key: str, value: Any) -> Any:
    """Return a part of a rule without the members of `match` and `when` that are null, which say nothing."""
    if key not in ("match", "when"):
        return value
    return {name: each for name, each in value.items() if each is not None}


def _require_reachable(rule: Rule, place: str) -> None:
    named = ", ".join(rule.match.interactions)
    for effect in rule.then.effects:
        if not any(effect_is_for(effect, each) for each in rule.match.interactions):
            wanted = ", ".join(sorted(effect.only))
            raise BadFault(f"{place}.then: {effect.word} never acts on {named}; expected match.interaction: {wanted}")


def _read_then(spec: Any, place: str) -> Then:
    known = owners()
    require_keys(spec, ["commit", *known], place)
    words: dict[str, dict[str, Any]] = {}
    for key, value in spec.items():
        if key != "commit":
            words.setdefault(_word(key, value, place), {})[key] = value
    effects = tuple(_read_effect(vocabulary()[word], given, place) for word, given in words.items())
    commit = read(bool, spec.get("commit", False), f"{place}.commit")
    _require_one_terminal(effects, commit=commit, place=place)
    return Then(effects, commit)


def owners() -> Mapping[str, str]:
    """Return the keys of `then` with the word of each key's effect; `wire` stands for all effects without settings."""
    known = {}
    for word, effect in vocabulary().items():
        if is_bare(effect):
            known["wire"] = ""
        elif is_flat(effect):
            known |= {each.name: word for each in members(effect)}
        else:
            known[word] = word
    return known


def _word(key: str, value: Any, place: str) -> str:
    if key != "wire":
        return owners()[key]
    bare = bare_words()
    if not isinstance(value, str) or value not in bare:
        raise BadFault(f"{place}.wire: {shown(value)} cannot be used; expected {' or '.join(bare)}")
    return value


def bare_words() -> list[str]:
    """Return the words of the effects without settings: the values of `wire`."""
    return [word for word, effect in vocabulary().items() if is_bare(effect)]


def _read_effect(effect: type[Effect], given: Mapping[str, Any], place: str) -> Effect:
    made: Effect
    if is_bare(effect):
        return effect()
    if is_flat(effect):
        made = read_object(effect, given, place)
        return made
    value = given[effect.word]
    if not isinstance(value, dict):
        value = _as_object(effect, value)
    made = read_object(effect, value, f"{place}.{effect.word}")
    return made


def _as_object(effect: type[Effect], value: Any) -> Any:
    first = members(effect)[0]
    if isinstance(value, str):
        several = effect.from_text(value)
        return several if several is not None else {first.name: from_text(first.kind, value)}
    return {first.name: value}


def _require_one_terminal(effects: Iterable[Effect], *, commit: bool, place: str) -> None:
    terminals = [each.word for each in effects if each.terminal]
    if len(terminals) > 1:
        raise BadFault(f"{place}: {' and '.join(terminals)} both end the exchange; expected one of them")
    if commit and not any(each.terminal or each.commits for each in effects):
        raise BadFault(
            f"{place}.commit: nothing here waits for the write; expected status, wire, cut or hold beside it"
        )
    if not any(True for _ in effects):
        raise BadFault(f"{place}: there is no effect; expected one of {', '.join(owners())}")


def _wire_schema() -> dict[str, Any]:
    return {"oneOf": [{"const": word, **_told(vocabulary()[word])} for word in bare_words()]}


def _told(effect: type[Effect]) -> dict[str, Any]:
    return {"description": f"{sentence(effect)}.", "examples": effect.short.split(", ")}


def rule_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rule's long form, derived from the fields."""
    properties: dict[str, Any] = {"commit": {"type": "boolean", "description": _COMMIT}, "wire": _wire_schema()}
    for word, effect in vocabulary().items():
        if is_flat(effect):
            properties |= {each.name: schema(each.kind) for each in members(effect)}
            properties[word] = {**properties[word], **_told(effect)}
        elif not is_bare(effect):
            properties[word] = {"anyOf": [schema(members(effect)[0].kind), object_schema(effect)], **_told(effect)}
    then = {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}
    return {
        "type": "object",
        "properties": {
            "id": schema(RuleId),
            "match": object_schema(Match),
            "when": object_schema(When),
            "then": then,
            "ttl": schema(Seconds),
        },
        "required": ["then"],
        "additionalProperties": False,
    }
