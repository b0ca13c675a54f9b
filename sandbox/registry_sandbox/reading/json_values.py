"""What checks the values of JSON members that are not plainly right: objects, arrays, and all that is wrong.

Source: FHIR STU3, JSON Representation.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from registry_sandbox.fhir.json import Repeated, flaw_of
from registry_sandbox.reading import wording
from registry_sandbox.reading.lexical import FITS, LARGEST_INTEGER
from registry_sandbox.reading.problems import Problems

Object = dict[str, Any]
Fits = Callable[[Any], object]

Walk = Callable[[Object, int, Problems], None]
"""Checks an object and what is in it; its depth is that of an element in XML, from 1."""

Check = Callable[[Any, Any, Any, int, Problems], bool]
"""Checks one value: its holder (an object or an array), its name or index there, the value, its depth.

It returns true if the holder has to be put in order after it. It may put another value in the place of this one.
"""

RANGES: Mapping[str, range] = {
    "integer": range(-LARGEST_INTEGER - 1, LARGEST_INTEGER + 1),
    "positiveInt": range(1, LARGEST_INTEGER + 1),
    "unsignedInt": range(LARGEST_INTEGER + 1),
}


def anything(_value: Any) -> bool:
    """Let every value of the right Python type pass."""
    return True


def is_usable(text: str) -> bool:
    """True if a text is not empty and has only characters that XML allows."""
    return not flaw_of(text)


# Objects


def one_object(walk: Walk) -> Check:
    """Return what checks an element that is an object and does not repeat."""

    def check(_holder: Any, _name: Any, value: Any, depth: int, found: Problems) -> bool:
        if type(value) is dict:
            walk(value, depth, found)
        elif type(value) is Repeated:
            found.note(wording.repeated_name, value.name)
            walk(value, depth, found)
        else:
            found.note(wording.no_object, value)
        return False

    return check


def many_objects(walk: Walk) -> Check:
    """Return what checks an element that is an object and may repeat."""
    check_one = one_object(walk)

    def check(_holder: Any, name: Any, values: Any, depth: int, found: Problems) -> bool:
        if (type(values) is list and values) or _is_array(values, name, found):
            for index, value in enumerate(values):
                before = len(found)
                if type(value) is dict:  # as `check_one` asks first; each call that an array is spared counts
                    walk(value, depth, found)
                else:
                    check_one(values, index, value, depth, found)
                if len(found) > before:
                    found.inside(before, index)
        return False

    return check


# Arrays of primitives, and the arrays beside them that have the ids and extensions of their items


def all_fit(kind: type, fits: Fits) -> Fits:
    """Return what tells whether an array holds nothing but values that are plainly right."""

    def all_of_them(values: list[Any]) -> bool:
        for value in values:
            if type(value) is not kind or not fits(value):
                return False
        return bool(values)

    return all_of_them


def many_primitives(kind: type, fits: Fits, check_one: Check) -> Check:
    """Return what checks an array of primitives; null may stand where the array beside it has something."""

    def check_item(values: Any, index: Any, value: Any, depth: int, found: Problems) -> bool:
        return (type(value) is kind and fits(value)) or check_one(values, index, value, depth, found)  # type: ignore[return-value]

    return _in_pairs(check_item, lambda name: f"_{name}", found_here=False)


def many_beside(walk: Walk) -> Check:
    """Return what checks the array beside an array of primitives."""
    return _in_pairs(one_object(walk), lambda name: name[1:], found_here=True)


def _in_pairs(check_one: Check, sibling_of: Callable[[str], str], *, found_here: bool) -> Check:
    """Return what checks one of two arrays; that their lengths differ is told of the one that is `found_here`."""

    def check(holder: Any, name: Any, values: Any, depth: int, found: Problems) -> bool:
        if not _is_array(values, name.removeprefix("_"), found):
            return False
        first, other = len(found), sibling_of(name)
        sibling = holder.get(other)
        paired = isinstance(sibling, list)
        if found_here and paired and len(sibling) != len(values):
            found.note(wording.unpaired_length, len(values), other, len(sibling))
        for index, value in enumerate(values):
            before = len(found)
            if value is not None or not paired:
                check_one(values, index, value, depth, found)
            elif index >= len(sibling) or sibling[index] is None:
                found.note(wording.unpaired_null, other)
            if len(found) > before:
                found.inside(before, index)
        # An array of nothing but padding is left out when the object is put in order.
        is_padding = len(found) == first and all(value is None for value in values)
        if is_padding:
            holder[name] = None
        return is_padding

    return check


def _is_array(values: Any, name: str, found: Problems) -> bool:
    if type(values) is not list:
        found.note(wording.no_array, values, name)
    elif not values:
        found.note(wording.plain, "is an empty array: leave it out")
    return type(values) is list


# Primitives


def other_type(json_type: str) -> Check:
    """Return what refuses a value of another JSON type."""

    def check(_holder: Any, _name: Any, value: Any, _depth: int, found: Problems) -> bool:
        found.note(wording.no_such_type, value, json_type)
        return False

    return check


def other_text(of_type: str) -> Check:
    """Return what says why a value is no text of a type."""

    def check(_holder: Any, _name: Any, value: Any, _depth: int, found: Problems) -> bool:
        if type(value) is str:
            found.note(wording.misspelt, value, of_type)
        else:
            found.note(wording.no_such_type, value, "string")
        return False

    return check


def other_integer(of_type: str) -> Check:
    """Return what checks a number that is no plain integer of a type."""

    def check(_holder: Any, _name: Any, value: Any, _depth: int, found: Problems) -> bool:
        if type(value) not in {int, Decimal}:
            found.note(wording.no_such_type, value, "number")
        elif not FITS[of_type](str(value)):  # a minus zero is a Decimal, which Python's int does not know
            found.note(wording.misspelt, str(value), of_type)
        return False

    return check


def other_decimal(holder: Any, name: Any, value: Any, _depth: int, found: Problems) -> bool:
    """Check a decimal without a decimal point: it becomes one like the others."""
    if type(value) is int:
        holder[name] = Decimal(value)
    else:
        found.note(wording.no_such_type, value, "number")
    return False
