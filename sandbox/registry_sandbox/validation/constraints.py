"""The constraints of an ElementDefinition on one value, each as a plain function made once.

Source: https://hl7.org/fhir/STU3/elementdefinition.html
"""

from collections.abc import Callable, Iterator
from functools import partial
from operator import eq
from typing import Any

from registry_sandbox.fhir.finding import Severity
from registry_sandbox.validation import fhirpath, invariants, values
from registry_sandbox.validation.conformance import UnusableDefinition
from registry_sandbox.validation.context import Place, ValidationContext, path, quoted, short
from registry_sandbox.validation.languages import ALL_LANGUAGES, is_language_tag
from registry_sandbox.validation.snapshot_element import SnapshotElement, codes_of, max_value_set_of, value_set_of
from registry_sandbox.validation.validators import Condition, Constraint, Validator
from registry_sandbox.validation.valuesets import Codes, ValueSets

CODE_TYPES = frozenset({"code", "Coding", "CodeableConcept", "Quantity", "string", "uri"})
"""The types that may be bound to a value set."""

TEXT_TYPES = frozenset({"code", "string", "uri"})
"""Those of them that are a text by themselves."""


def value_constraints(element: SnapshotElement) -> Iterator[Constraint]:
    """Yield the constraints by fixed and pattern, length, least and greatest value."""
    for key, wanted in element.definition.items():
        source = element.origin(key)
        if key.startswith("fixed"):
            yield _equality(values.same, wanted, "exactly", source)
        elif key.startswith("pattern"):
            yield _equality(values.holds_pattern, wanted, "at least", source)
        elif key.startswith("minValue"):
            yield _limit(wanted, source, lowest=True)
        elif key.startswith("maxValue"):
            yield _limit(wanted, source, lowest=False)
        elif key == "maxLength":
            yield _length(wanted, source)


def _equality(holds: Callable[[Any, Any], bool], wanted: Any, how: str, source: str) -> Constraint:
    def note(value: Any, at: Place, context: ValidationContext) -> None:
        lacks_value = isinstance(value, dict) and not isinstance(wanted, dict)
        found = "has no value" if lacks_value else f"is {quoted(value)}"
        context.add("value", at, f"{path(at)} {found}; {short(source)} wants {how} {quoted(wanted)}", source)

    if isinstance(wanted, str):
        return Constraint(partial(eq, wanted), note, frozenset({wanted}))
    return Constraint(lambda value: holds(value, wanted), note)


def _limit(limit: Any, source: str, *, lowest: bool) -> Constraint:
    word = "least" if lowest else "most"

    def holds(value: Any) -> bool:
        return not (values.before(value, limit) if lowest else values.before(limit, value))

    def note(value: Any, at: Place, context: ValidationContext) -> None:
        message = f"{path(at)} is {quoted(value)}; {short(source)} wants at {word} {quoted(limit)}"
        context.add("value", at, message, source)

    return Constraint(holds, note)


def _length(most: int, source: str) -> Constraint:
    def note(value: Any, at: Place, context: ValidationContext) -> None:
        message = f"{path(at)} has {len(value)} characters; {short(source)} wants {most} at most: {quoted(value)}"
        context.add("too-long", at, message, source)

    return Constraint(lambda value: len(value) <= most, note)


def binding_constraints(element: SnapshotElement, valuesets: ValueSets) -> Iterator[Constraint]:
    """Yield the constraints by bindings: required ones add errors, extensible warnings, preferred information."""
    binding = element.definition.get("binding")
    bindings = [{**binding, "source": element.origin("binding")}] if binding else []
    narrow = valuesets.codes(value_set_of(binding)) if binding else None
    if binding and (most := max_value_set_of(binding)):
        yield from _maximum(element, most, valuesets, element.origin("binding"))
    for bound in bindings + element.also_bound:
        url, strength = value_set_of(bound), bound.get("strength")
        if not url or strength == "example" or not set(codes_of(element)) & CODE_TYPES:
            continue
        codes = valuesets.codes(url)
        if bound is not bindings[0] and codes and narrow and narrow.pairs <= codes.pairs:
            continue  # the earlier one allows all that the later one does
        if codes is not None:
            is_text = not set(codes_of(element)) - TEXT_TYPES
            yield _binding(url, codes, str(strength), bound["source"], is_text=is_text)
        elif strength == "required":
            yield _unknown_codes(url, bound["source"])


def _maximum(element: SnapshotElement, url: str, valuesets: ValueSets, source: str) -> Iterator[Constraint]:
    """Yield the constraint by a maximum value set: whatever the strength of the binding, no other code may stand."""
    is_text, codes = not set(codes_of(element)) - TEXT_TYPES, valuesets.codes(url)
    if url == ALL_LANGUAGES and is_text:
        yield _language_tag(source)
    else:
        yield _binding(url, codes, "required", source, is_text=is_text) if codes else _unknown_codes(url, source)


def _language_tag(source: str) -> Constraint:
    def note(value: Any, at: Place, context: ValidationContext) -> None:
        wanted = f"{short(source)} wants a language tag of BCP 47, such as en or en-GB (value set {ALL_LANGUAGES})"
        context.add("code-invalid", at, f"{path(at)} is {quoted(value)}; {wanted}", source)

    return Constraint(is_language_tag, note)


def _unknown_codes(url: str, source: str) -> Constraint:
    def note(value: Any, at: Place, context: ValidationContext) -> None:
        message = f"{path(at)} is {quoted(value)}: not validated, for the codes of {url} are not known here"
        context.add("informational", at, message, source, severity="information")

    return Constraint(lambda _value: False, note)


def _binding(url: str, codes: Codes, strength: str, source: str, *, is_text: bool) -> Constraint:
    severity = _SEVERITIES.get(strength, "information")
    pairs = codes.pairs

    def holds(value: Any) -> bool:
        codings = _codings(value)
        if not codings and strength != "required":
            return True  # where no code fits, a text will do
        return any((coding.get("system", ""), coding.get("code")) in pairs for coding in codings)

    def note(value: Any, at: Place, context: ValidationContext) -> None:
        wanted = _WANTS[strength].format(source=short(source), codes=_listed(codes), url=url)
        context.add("code-invalid", at, f"{path(at)} is {_coded(value)}; {wanted}", source, severity=severity)

    if not is_text:
        return Constraint(holds, note)
    return Constraint(codes.alone.__contains__, note, codes.alone if severity == "error" else None)


_SEVERITIES: dict[str, Severity] = {"required": "error", "extensible": "warning"}
_WANTS = {
    "required": "{source} wants {codes} (value set {url})",
    "extensible": "where one of them fits, {source} wants {codes} (value set {url})",
    "preferred": "{source} prefers {codes} (value set {url})",
}
_MOST_CODES_LISTED = 12


def _codings(value: dict[str, Any]) -> Any:
    """Return the codings of a CodeableConcept; a Coding or Quantity is its own."""
    return value.get("coding", ()) if "coding" in value or "code" not in value else (value,)


def _listed(codes: Codes) -> str:
    systems = {system for system, _ in codes.pairs}
    names = sorted(codes.alone)
    listed = ", ".join(names[:_MOST_CODES_LISTED])
    more = f" or {len(names) - _MOST_CODES_LISTED} more" if len(names) > _MOST_CODES_LISTED else ""
    return f"one of {listed}{more}" + (f" of {systems.pop()}" if len(systems) == 1 else "")


def _coded(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    codings = _codings(value)
    said = ", ".join(f"{coding.get('code', 'no code')} of {coding.get('system', 'no system')}" for coding in codings)
    return said[:200] or "without a coding"


def invariants_of(stated: list[dict[str, Any]], element_path: str, file: str, *, by_hand: bool) -> list[Condition]:
    """Compile the invariants of an element, except ele-1, which every element is asked anyway.

    Raises:
        UnusableDefinition: an expression is no FHIRPath that can be used.
    """
    made = []
    for constraint in stated:
        expression = constraint.get("expression", "").strip()
        if expression in {"", invariants.ELE_1}:
            continue
        key = constraint.get("key", "")
        try:
            holds = invariants.compiled(expression, element_path, key, by_hand=by_hand)
        except fhirpath.BadExpression as error:
            raise UnusableDefinition(file, f"{element_path}, constraint {key}", str(error)) from error
        given = invariants.GIVEN.get(expression, "") if by_hand else ""
        search = invariants.search_of(expression) if by_hand else None
        made.append(Condition(holds, _broken(constraint, key), given, search))
    return made


def _broken(constraint: dict[str, Any], key: str) -> Validator:
    severity: Severity = "warning" if constraint.get("severity") == "warning" else "error"
    human = constraint.get("human", constraint.get("expression", "")).rstrip(".")
    source = constraint.get("source", "")

    def note(value: Any, at: Place, context: ValidationContext) -> None:
        shown = value is not None and not (isinstance(value, dict) and "resourceType" in value)
        found = f", found {quoted(value)}" if shown else ""
        context.add("invariant", at, f"{path(at)}: {human} ({short(source)}, {key}){found}", key, severity=severity)

    return note
