"""How often an element may stand: single and repeating elements, and elements that must not be there.

Each function returns the validator of what stands under one name. It gets the place of the parent and makes that of
the element only where it needs one.

Source: https://hl7.org/fhir/STU3/conformance-rules.html#cardinality
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry_sandbox.validation.context import Place, Step, ValidationContext, path, short
from registry_sandbox.validation.snapshot_element import SnapshotElement
from registry_sandbox.validation.validators import Constraint, MemberValidator, Validator

UNBOUNDED = sys.maxsize


@dataclass(frozen=True, slots=True)
class Cardinality:
    """The least and the most occurrences (`UNBOUNDED` for any number), and which profiles say so."""

    least: int
    most: int
    least_by: str
    most_by: str


def cardinality_of(element: SnapshotElement) -> Cardinality:
    """Return the cardinality that the definition of an element states."""
    most = element.definition["max"]
    bound = UNBOUNDED if most == "*" else int(most)
    return Cardinality(element.definition["min"], bound, element.origin("min"), element.origin("max"))


def forbidden(step: Step, cardinality: Cardinality) -> MemberValidator:
    """Return the validator of an element whose maximum is 0."""
    source = cardinality.most_by

    def validate(value: Any, parent: Place, context: ValidationContext) -> None:
        at = (parent, step, 0 if isinstance(value, list) else None)
        times = f" (it is there {len(value)} times)" if isinstance(value, list) and len(value) > 1 else ""
        context.add("structure", at, f"{path(at)} must not be there{times}: {short(source)} forbids it", source)

    return validate


def wrong_type(step: Step, allowed: str, source: str) -> MemberValidator:
    """Return the validator of a choice's member whose type the profile does not allow."""

    def validate(_value: Any, parent: Place, context: ValidationContext) -> None:
        at = (parent, step, None)
        context.add("structure", at, f"{path(at)} has the wrong type; {short(source)} wants {allowed}", source)

    return validate


def single(step: Step, inner: Validator) -> MemberValidator:
    """Return the validator of an element that is no list in JSON."""
    return lambda value, parent, context: inner(value, (parent, step, None), context)


def plain(step: Step, constraints: Sequence[Constraint]) -> MemberValidator:
    """Return the validator of a primitive that is no list in JSON; valid ones need no place."""
    if len(constraints) == 1:
        holds, note, _ = constraints[0]

        def validate_one(value: Any, parent: Place, context: ValidationContext) -> None:
            if not holds(value):
                note(value, (parent, step, None), context)

        return validate_one

    def validate(value: Any, parent: Place, context: ValidationContext) -> None:
        for each_holds, each_note, _ in constraints:
            if not each_holds(value):
                each_note(value, (parent, step, None), context)

    return validate


def counted(step: Step, cardinality: Cardinality) -> MemberValidator:
    """Return the validator of how many items a list has."""
    least, most = cardinality.least, cardinality.most

    def validate(value: Any, parent: Place, context: ValidationContext) -> None:
        if not least <= len(value) <= most:
            _note_number(len(value), parent, step, cardinality, context)

    return validate


def many(step: Step, inner: Validator, cardinality: Cardinality) -> MemberValidator:
    """Return the validator of an element that is a list in JSON: how many items there are, and each of them."""
    least, most = cardinality.least, cardinality.most

    def validate(value: Any, parent: Place, context: ValidationContext) -> None:
        if not least <= len(value) <= most:
            _note_number(len(value), parent, step, cardinality, context)
        if len(value) == 1 and value[0] is not None:  # as nearly all lists are; the loop takes twice as long
            inner(value[0], (parent, step, 0), context)
            return
        for index, item in enumerate(value):
            if item is not None:  # null stands for a primitive without a value: its extras are validated by themselves
                inner(item, (parent, step, index), context)

    return validate


def _note_number(found: int, parent: Place, step: Step, cardinality: Cardinality, context: ValidationContext) -> None:
    at: Place = (parent, step, cardinality.most if found > cardinality.most else 0)
    if found < cardinality.least:
        source = cardinality.least_by
        message = f"{path(at)} is there {times(found)}: {short(source)} wants at least {cardinality.least}"
        context.add("required", at, message, source, missing=True)
    else:
        source = cardinality.most_by
        message = f"{path(at)} is there {times(found)}: {short(source)} wants {cardinality.most} at most"
        context.add("structure", at, message, source)


def times(number: int) -> str:
    """Return a number of times in words."""
    return "once" if number == 1 else f"{number} times"
