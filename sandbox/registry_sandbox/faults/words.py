"""A rule in words, for people: on which exchanges it acts, what it does, and when."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from registry_sandbox.faults.effect import Effect, is_bare, is_flat, sentence, vocabulary
from registry_sandbox.faults.fields import is_time_span, kinds_inside, shown
from registry_sandbox.faults.match import ALIASES, WRITES
from registry_sandbox.faults.rule import Rule, owners

_NAMES: Final = {code: name for name, code in ALIASES.items()}
_ORDINALS: Final = {1: "1st", 2: "2nd", 3: "3rd"}
_TEENS: Final = (11, 12, 13)
_TIMES: Final = {1: "once", 2: "twice at most"}
_SCOPES: Final = {"client": "for each client", "resource": "for each appointment"}


def in_words(rule: Rule) -> str:
    """Return a rule as sentences."""
    spec = rule.spec
    told = [f"On {_target(spec.get('match', {}))}: {_first(rule)}{_deeds(spec['then'])}."]
    when = "; ".join(_conditions(spec.get("when", {})))
    if when:
        told.append(f"{when[0].upper()}{when[1:]}.")
    if "ttl" in spec:
        told.append(f"In force for {_span(spec['ttl'])}.")
    return " ".join(told)


def _target(match: Mapping[str, Any]) -> str:
    given = match.get("interaction", "every FHIR interaction")
    interactions = [given] if isinstance(given, str) else given
    about = [" or ".join(_NAMES.get(each, each) for each in interactions)]
    about += [f"of {match['id']}"] if "id" in match else []
    about += [f"for the patient {match['patient']}"] if "patient" in match else []
    about += [f"by the client {match['client']}"] if "client" in match else []
    about += [f"with the header {_header(match['header'])}"] if "header" in match else []
    return " ".join(about)


def _header(header: Any) -> str:
    return header if isinstance(header, str) else " and ".join(f"{name}: {value}" for name, value in header.items())


def _deeds(then: Mapping[str, Any]) -> str:
    given: dict[str, dict[str, Any]] = {}
    for key, value in then.items():
        if key != "commit":
            given.setdefault(value if key == "wire" else owners()[key], {})[key] = value
    return "; ".join(_deed(vocabulary()[word], settings) for word, settings in given.items())


def _first(rule: Rule) -> str:
    if not rule.then.commit:
        return ""
    writes = WRITES.intersection(rule.match.interactions)
    return f"{'the write is made' if writes else 'the interaction is performed'} first, and then: "


def _deed(effect: type[Effect], settings: Mapping[str, Any]) -> str:
    told = sentence(effect)
    told = told[:1].lower() + told[1:]
    kinds = kinds_inside(effect) if is_flat(effect) else {effect.word: effect}
    shown_ = "" if is_bare(effect) else ", ".join(_settings(settings, kinds))
    return f"{told} ({shown_})" if shown_ else told


def _settings(settings: Mapping[str, Any], kinds: Mapping[str, Any]) -> Iterator[str]:
    for name, value in settings.items():
        kind = kinds.get(name)
        inside = kinds_inside(kind)
        if isinstance(value, Mapping) and None not in value.values():
            yield from (f"{name} {inner}" for inner in _settings(value, inside))
        elif value is not True:
            yield f"{name} {_value(value, next(iter(inside.values()), kind))}"  # alone, it is the first member's


def _value(value: Any, kind: Any) -> str:
    if is_time_span(kind):
        return _span(value)
    return value if isinstance(value, str) else shown(value)


def _conditions(when: Mapping[str, Any]) -> Iterator[str]:
    if "nth" in when:
        nth = when["nth"] if isinstance(when["nth"], list) else [when["nth"]]
        yield f"on the {' and '.join(map(_ordinal, nth))} match"
    if "every" in when:
        yield f"on every {_ordinal(when['every'])} match"
    if "skip" in when:
        yield f"not on the first {when['skip']} matches"
    if "probability" in when:
        yield f"in {round(when['probability'] * 100, 9):g} % of the matches"
    if "times" in when:
        yield _TIMES.get(when["times"], f"{when['times']} times at most")
    if "after" in when or "for" in when:
        lasting = f", for {_span(when['for'])}" if "for" in when else ""
        yield f"from {_span(when.get('after', 0))} after it was set{lasting}"
    if when.get("per") in _SCOPES:
        yield f"counted {_SCOPES[when['per']]} apart"


def _ordinal(number: int) -> str:
    return f"{number}th" if number % 100 in _TEENS else f"{number}{_ORDINALS.get(number % 10, '4th')[1:]}"


def _span(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}s"
