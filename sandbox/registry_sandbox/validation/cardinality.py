"""How often an element may stand: single and repeating elements, and elements that must not be there.

Each function returns the validator of what stands under one name. The place that it gets has no index; in a list, it
makes the places of the items.

Source: https://hl7.org/fhir/STU3/conformance-rules.html#cardinality
"""

import sys
from dataclasses import dataclass
from typing import Any

from registry_sandbox.validation.context import Place, ValidationContext, path, short
from registry_sandbox.validation.snapshot_element import SnapshotElement
from registry_sandbox.validation.validators import Validator

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


def forbidden(cardinality: Cardinality) -> Validator:
    """Return the validator of an element whose maximum is 0."""
    source = cardinality.most_by

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        here = _item(at, 0) if isinstance(value, list) else at
        times = f" (it is there {len(value)} times)" if isinstance(value, list) and len(value) > 1 else ""
        context.add("structure", here, f"{path(here)} must not be there{times}: {short(source)} forbids it", source)

    return validate


def wrong_type(allowed: str, source: str) -> Validator:
    """Return the validator of a choice's member whose type the profile does not allow."""

    def validate(_value: Any, at: Place, context: ValidationContext) -> None:
        context.add("structure", at, f"{path(at)} has the wrong type; {short(source)} wants {allowed}", source)

    return validate


def counted(cardinality: Cardinality) -> Validator:
    """Return the validator of how many items a list has."""
    least, most = cardinality.least, cardinality.most

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        if not least <= len(value) <= most:
            _note_number(len(value), at, cardinality, context)

    return validate


def many(inner: Validator, cardinality: Cardinality) -> Validator:
    """Return the validator of an element that is a list in JSON: how many items there are, and each of them."""
    least, most = cardinality.least, cardinality.most
    one_is_right = least <= 1 <= most

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        if one_is_right and len(value) == 1 and value[0] is not None:  # as nearly all lists are
            inner(value[0], (at[0], at[1], 0), context)
            return
        if not least <= len(value) <= most:
            _note_number(len(value), at, cardinality, context)
        for index, item in enumerate(value):
            if item is not None:  # null stands for a primitive without a value: its extras are validated by themselves
                inner(item, (at[0], at[1], index), context)

    return validate


def _note_number(found: int, at: Place, cardinality: Cardinality, context: ValidationContext) -> None:
    here = _item(at, cardinality.most if found > cardinality.most else 0)
    if found < cardinality.least:
        source = cardinality.least_by
        message = f"{path(here)} is there {times(found)}: {short(source)} wants at least {cardinality.least}"
        context.add("required", here, message, source, missing=True)
    else:
        source = cardinality.most_by
        message = f"{path(here)} is there {times(found)}: {short(source)} wants {cardinality.most} at most"
        context.add("structure", here, message, source)


def _item(at: Place, index: int) -> Place:
    return (at[0], at[1], index)


def times(number: int) -> str:
    """Return a number of times in words."""
    return "once" if number == 1 else f"{number} times"
