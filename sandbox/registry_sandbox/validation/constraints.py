"""The constraints of an ElementDefinition on one value, each as a plain function made once.

Source: https://hl7.org/fhir/STU3/elementdefinition.html
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from registry_sandbox.validation import fhirpath, invariants, values
from registry_sandbox.validation.checks import Check, Invariant
from registry_sandbox.validation.conformance import UnusableDefinition
from registry_sandbox.validation.context import Place, ValidationContext, path, quoted, short
from registry_sandbox.validation.element import Element, codes_of, value_set_of
from registry_sandbox.validation.valuesets import Codes, ValueSets

if TYPE_CHECKING:
    from registry_sandbox.fhir.finding import Severity

CODE_TYPES = frozenset({"code", "Coding", "CodeableConcept", "Quantity", "string", "uri"})


def value_checks(element: Element) -> Iterator[Check]:
    """Give the checks of fixed and pattern, of length, of least and greatest value."""
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


def _equality(holds: Callable[[Any, Any], bool], wanted: Any, how: str, source: str) -> Check:
    def check(value: Any, at: Place, context: ValidationContext) -> None:
        if value != wanted and not holds(value, wanted):
            lacks_value = isinstance(value, dict) and not isinstance(wanted, dict)
            found = "has no value" if lacks_value else f"is {quoted(value)}"
            context.add("value", at, f"{path(at)} {found}; {short(source)} wants {how} {quoted(wanted)}", source)

    return check


def _limit(limit: Any, source: str, *, lowest: bool) -> Check:
    word = "least" if lowest else "most"

    def check(value: Any, at: Place, context: ValidationContext) -> None:
        beyond = values.before(value, limit) if lowest else values.before(limit, value)
        if beyond:
            context.add(
                "value", at, f"{path(at)} is {quoted(value)}; {short(source)} wants at {word} {quoted(limit)}", source
            )

    return check


def _length(most: int, source: str) -> Check:
    def check(value: Any, at: Place, context: ValidationContext) -> None:
        if isinstance(value, str) and len(value) > most:
            message = f"{path(at)} has {len(value)} characters; {short(source)} wants {most} at most: {quoted(value)}"
            context.add("too-long", at, message, source)

    return check


def binding_checks(element: Element, valuesets: ValueSets) -> Iterator[Check]:
    """Give the checks of the bindings: required as errors, extensible and preferred as information."""
    binding = element.definition.get("binding")
    bindings = [{**binding, "source": element.origin("binding")}] if binding else []
    narrow = valuesets.codes(value_set_of(binding)) if binding else None
    for bound in bindings + element.also_bound:
        url, strength = value_set_of(bound), bound.get("strength")
        if not url or strength == "example" or not set(codes_of(element)) & CODE_TYPES:
            continue
        codes = valuesets.codes(url)
        if bound is not bindings[0] and codes and narrow and narrow.pairs <= codes.pairs:
            continue  # what the later one allows, the earlier one does too
        if codes is not None:
            yield _binding(url, codes, str(strength), bound["source"])
        elif strength == "required":
            yield _unknown_codes(url, bound["source"])


def _unknown_codes(url: str, source: str) -> Check:
    def check(value: Any, at: Place, context: ValidationContext) -> None:
        message = f"{path(at)} is {quoted(value)}: not checked, for the codes of {url} are not known here"
        context.add("informational", at, message, source, severity="information")

    return check


def _binding(url: str, codes: Codes, strength: str, source: str) -> Check:
    severity: Severity = "error" if strength == "required" else "information"
    alone, pairs = codes.alone, codes.pairs

    def holds(value: Any) -> bool:
        if isinstance(value, str):
            return value in alone
        codings = value.get("coding", ()) if "coding" in value or "code" not in value else (value,)
        return any((coding.get("system", ""), coding.get("code")) in pairs for coding in codings)

    def check(value: Any, at: Place, context: ValidationContext) -> None:
        if not holds(value):
            wanted = _WANTS[strength].format(source=short(source), codes=_listed(codes), url=url)
            context.add("code-invalid", at, f"{path(at)} is {_coded(value)}; {wanted}", source, severity=severity)

    return check


_WANTS = {
    "required": "{source} wants {codes} (value set {url})",
    "extensible": "where one of them fits, {source} wants {codes} (value set {url})",
    "preferred": "{source} prefers {codes} (value set {url})",
}
_MOST_CODES_LISTED = 12


def _listed(codes: Codes) -> str:
    systems = {system for system, _ in codes.pairs}
    names = sorted(codes.alone)
    listed = ", ".join(names[:_MOST_CODES_LISTED])
    more = f" or {len(names) - _MOST_CODES_LISTED} more" if len(names) > _MOST_CODES_LISTED else ""
    return f"one of {listed}{more}" + (f" of {systems.pop()}" if len(systems) == 1 else "")


def _coded(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    codings = value.get("coding", ()) if "coding" in value or "code" not in value else (value,)
    said = ", ".join(f"{coding.get('code', 'no code')} of {coding.get('system', 'no system')}" for coding in codings)
    return said[:200] or "without a coding"


def invariant_checks(stated: list[dict[str, Any]], element_path: str, file: str, *, by_hand: bool) -> list[Invariant]:
    """Pair each invariant, but for ele-1, with what to note where it does not hold.

    Raises:
        UnusableDefinition: an expression is no FHIRPath that can be used.
    """
    checks = []
    for constraint in stated:
        expression = constraint.get("expression", "").strip()
        if expression in {"", invariants.ELE_1}:
            continue
        key = constraint.get("key", "")
        try:
            holds = invariants.compiled(expression, element_path, by_hand=by_hand)
        except fhirpath.BadExpression as error:
            raise UnusableDefinition(file, f"{element_path}, constraint {key}", str(error)) from error
        checks.append((holds, _broken(constraint, key)))
    return checks


def _broken(constraint: dict[str, Any], key: str) -> Check:
    severity: Severity = "warning" if constraint.get("severity") == "warning" else "error"
    human = constraint.get("human", constraint.get("expression", "")).rstrip(".")
    source = constraint.get("source", "")

    def check(value: Any, at: Place, context: ValidationContext) -> None:
        found = (
            "" if value is None or (isinstance(value, dict) and "resourceType" in value) else f", found {quoted(value)}"
        )
        message = f"{path(at)}: {human} ({short(source)}, {key}){found}"
        context.add("invariant", at, message, key, severity=severity)

    return check
