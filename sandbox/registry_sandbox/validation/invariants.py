"""The standard's own invariants that Appointments meet, written by hand, by the FHIRPath that they stand for.

FHIRPath on every element of every request would cost more than all the rest. A function here is chosen by the
expression, not by the key, so that a definition with another expression is validated by that one. A test proves that
function and expression agree. Any other expression is compiled as FHIRPath.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation import fhirpath
from registry_sandbox.validation.context import ValidationContext
from registry_sandbox.validation.narrative import has_basic_formatting, is_clean_narrative, says_something
from registry_sandbox.validation.validators import Holds
from registry_sandbox.validation.values import before, earliest, number, pattern

ELE_1 = "hasValue() | (children().count() > id.count())"
"""Holds for every element that is not empty, which the validator of an element sees by itself."""


HAS_VALUE = "hasValue()"
"""Holds for every primitive that has a value, and so is asked only of those that have none."""

HTML_CHECKS = "htmlchecks()"
"""Holds for a narrative of which nothing is wrong."""

_SECONDS = len("2019-01-17T15:00:00")

UCUM = "http://unitsofmeasure.org"
# A FHIRPath string in which no character is escaped but the backslash itself.
_STRING = r"'((?:[^'\\]|\\\\)*)'"
_MATCHES = re.compile(rf"(?:toString\(\)\.)?matches\({_STRING}\)")


_IMPLIED_BY: dict[str, tuple[frozenset[str], ...]] = {
    "type.exists() or actor.exists()": (frozenset({"type"}), frozenset({"actor"})),
    "start.empty() xor end.exists()": (frozenset({"start", "end"}),),
    "(start.exists() and end.exists()) or (status in ('proposed' | 'cancelled'))": (frozenset({"start", "end"}),),
}
"""Invariants about what may be missing, and the children that make them hold by being there: any of these sets."""


def is_implied(expression: str, required: frozenset[str]) -> bool:
    """Return whether an invariant holds wherever these children are there: what is missing is then told only once."""
    return any(children <= required for children in _IMPLIED_BY.get(expression, ()))


def has(element: dict[str, Any], name: str) -> bool:
    """Return whether a child exists, be it only as an extension in place of a value."""
    return name in element or f"_{name}" in element


def compiled(expression: str, element_path: str, key: str = "", *, by_hand: bool = True) -> Holds:
    """Return the function for an invariant; without `by_hand`, always the FHIRPath itself.

    Raises:
        BadExpression: it is no FHIRPath that can be used.
    """
    if by_hand and (expression, key) in _BY_KEY:
        return _BY_KEY[expression, key]
    if by_hand and expression in BY_HAND:
        return BY_HAND[expression]
    if by_hand and (search := search_of(expression)):
        return lambda value, _context: isinstance(value, str) and search(value) is not None
    return fhirpath.compiled(expression, element_path)


def search_of(expression: str) -> Callable[[str], object] | None:
    """Return the search that an invariant consists of, if it is `matches` of a regular expression and nothing else.

    Raises:
        BadExpression: the regular expression is none.
    """
    matched = _MATCHES.fullmatch(expression)
    if matched is None:
        return None
    try:
        return pattern(matched[1].replace("\\\\", "\\")).search
    except re.error as error:
        raise fhirpath.BadExpression(f"has a bad regular expression: {error}") from error


def _exclusive(first: str, second: str) -> Holds:
    return lambda e, _context: not (has(e, first) and has(e, second))


def _needs(first: str, second: str) -> Holds:
    """Return the invariant that where the first is, the second is too."""
    return lambda e, _context: not has(e, first) or has(e, second)


def _has_value(value: Any, _context: ValidationContext) -> bool:
    return value is not None and not isinstance(value, dict | list)


def _app_1(participant: dict[str, Any], _context: ValidationContext) -> bool:
    return "type" in participant or "actor" in participant


def _app_2(appointment: Resource, _context: ValidationContext) -> bool:
    return ("start" in appointment and "end" in appointment) or has(appointment, "start") == has(appointment, "end")


def _app_3(appointment: Resource, _context: ValidationContext) -> bool:
    if "start" in appointment and "end" in appointment:
        return True
    return (has(appointment, "start") and has(appointment, "end")) or appointment.get("status") in _MAY_BE_OPEN


_MAY_BE_OPEN = frozenset({"proposed", "cancelled"})


def _per_1(element: dict[str, Any], _context: ValidationContext) -> bool:
    """Compare the first instants that both may mean: a day begins before an hour of it, an hour not before its day."""
    one, other = element.get("start"), element.get("end")
    if isinstance(one, str) and isinstance(other, str) and one <= other and one[_SECONDS:] == other[_SECONDS:]:
        return True  # spelled alike, with one zone: the order of the texts is the order in time
    start, end = earliest(one), earliest(other)
    return start is None or end is None or start <= end


def _rng_2(element: dict[str, Any], _context: ValidationContext) -> bool:
    return not before(element.get("high"), element.get("low"))


def _dom_1(resource: Resource, _context: ValidationContext) -> bool:
    return not any("text" in contained for contained in resource.get("contained", ()))


def _dom_2(resource: Resource, _context: ValidationContext) -> bool:
    return not any("contained" in contained for contained in resource.get("contained", ()))


def _dom_3(resource: Resource, context: ValidationContext) -> bool:
    contained = resource.get("contained", ())
    if not all("id" in each for each in contained):
        return False  # what has no id cannot be referred to
    return {f"#{each['id']}" for each in contained} <= set(_references(context.resource))


def _references(tree: Any) -> Iterator[str]:
    """Yield every literal reference in a tree, without recursion: the tree is the client's."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("reference"), str):
                yield node["reference"]
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _dom_4(resource: Resource, _context: ValidationContext) -> bool:
    metas = [contained["meta"] for contained in resource.get("contained", ()) if "meta" in contained]
    return not any(has(meta, "versionId") or has(meta, "lastUpdated") for meta in metas)


def _ext_1(extension: dict[str, Any], _context: ValidationContext) -> bool:
    has_value = any(key.startswith(("value", "_value")) for key in extension)
    return ("extension" in extension) != has_value


def _ref_1(reference: dict[str, Any], context: ValidationContext) -> bool:
    literal = reference.get("reference")
    if literal is None or not literal.startswith("#"):
        return True
    return literal[1:] in context.contained()


def _txt(div: Any, _context: ValidationContext) -> bool:
    return isinstance(div, str) and is_clean_narrative(div)


def _txt_1(div: Any, _context: ValidationContext) -> bool:
    return isinstance(div, str) and has_basic_formatting(div)


def _txt_2(div: Any, _context: ValidationContext) -> bool:
    return isinstance(div, str) and says_something(div)


def _coded(quantity: dict[str, Any], system: str) -> bool:
    """Return whether a quantity with a value has a code, and its system, if any, is the one given."""
    return (has(quantity, "code") or not has(quantity, "value")) and (
        not has(quantity, "system") or quantity.get("system") == system
    )


def _age_1(age: dict[str, Any], _context: ValidationContext) -> bool:
    value = number(age.get("value"))
    return _coded(age, UCUM) and (not has(age, "value") or (value is not None and value > 0))


def _cnt_3(count: dict[str, Any], _context: ValidationContext) -> bool:
    one = not has(count, "code") or count.get("code") == "1"
    return _coded(count, UCUM) and one and "." not in str(count.get("value", ""))


def _drt_1(duration: dict[str, Any], _context: ValidationContext) -> bool:
    return not has(duration, "code") or (duration.get("system") == UCUM and has(duration, "value"))


def _rat_1(ratio: dict[str, Any], _context: ValidationContext) -> bool:
    both = ("numerator" in ratio) == ("denominator" in ratio)
    return both and ("numerator" in ratio or "extension" in ratio)


def _not_negative(name: str) -> Holds:
    def holds(element: dict[str, Any], _context: ValidationContext) -> bool:
        value = number(element.get(name))
        return not has(element, name) or (value is not None and value >= 0)

    return holds


def _tim_9(repeat: dict[str, Any], _context: ValidationContext) -> bool:
    if not has(repeat, "offset"):
        return True
    when = repeat.get("when") or []
    return bool(when) and not set(when) <= {"C", "CM", "CD", "CV"}


DOM_1 = "contained.text.empty()"
DOM_2 = "contained.contained.empty()"
DOM_3 = "contained.where(('#'+id in %resource.descendants().reference).not()).empty()"
DOM_4 = "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()"
REF_1 = (
    "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %resource.contained.id.trace('ids'))"
)

GIVEN = {DOM_1: "contained", DOM_2: "contained", DOM_3: "contained", DOM_4: "contained", REF_1: "reference"}
"""The member without which an invariant written by hand holds, so that it need not be called."""

BY_HAND: dict[str, Holds] = {
    HAS_VALUE: _has_value,
    HTML_CHECKS: _txt,
    "start.empty() xor end.exists()": _app_2,
    "(start.exists() and end.exists()) or (status in ('proposed' | 'cancelled'))": _app_3,
    "type.exists() or actor.exists()": _app_1,
    "start.empty() or end.empty() or (start <= end)": _per_1,
    DOM_1: _dom_1,
    DOM_2: _dom_2,
    DOM_3: _dom_3,
    DOM_4: _dom_4,
    "extension.exists() != value.exists()": _ext_1,
    REF_1: _ref_1,
    "data.empty() or contentType.exists()": _needs("data", "contentType"),
    "value.empty() or system.exists()": _needs("value", "system"),
    "code.empty() or system.exists()": _needs("code", "system"),
    "comparator.empty()": lambda quantity, _context: not has(quantity, "comparator"),
    "(code or value.empty()) and (system.empty() or system = %ucum) and (value.empty() or value > 0)": _age_1,
    "(code or value.empty()) and (system.empty() or system = %ucum) and (code.empty() or code = '1') and "
    "(value.empty() or value.toString().contains('.').not())": _cnt_3,
    "(code or value.empty()) and (system.empty() or system = %ucum)": lambda q, _context: _coded(q, UCUM),
    "code.exists() implies ((system = %ucum) and value.exists())": _drt_1,
    "(code or value.empty()) and (system.empty() or system = 'urn:iso:std:iso:4217')": (
        lambda q, _context: _coded(q, "urn:iso:std:iso:4217")
    ),
    "low.empty() or high.empty() or (low <= high)": _rng_2,
    "(numerator.empty() xor denominator.exists()) and (numerator.exists() or extension.exists())": _rat_1,
    "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))": _tim_9,
    "period.exists() implies period >= 0": _not_negative("period"),
    "duration.exists() implies duration >= 0": _not_negative("duration"),
    "periodMax.empty() or period.exists()": _needs("periodMax", "period"),
    "durationMax.empty() or duration.exists()": _needs("durationMax", "duration"),
    "countMax.empty() or count.exists()": _needs("countMax", "count"),
    "duration.empty() or durationUnit.exists()": _needs("duration", "durationUnit"),
    "timeOfDay.empty() or when.empty()": _exclusive("timeOfDay", "when"),
    "period.empty() or periodUnit.exists()": _needs("period", "periodUnit"),
}
"""The invariants written by hand, by their FHIRPath."""

_BY_KEY: dict[tuple[str, str], Holds] = {(HTML_CHECKS, "txt-1"): _txt_1, (HTML_CHECKS, "txt-2"): _txt_2}
"""The two invariants that share an expression, so that a narrative breaks only the one that it breaks."""
