"""The children of an element, judged by name: how many there are, and each of them.

Each function here makes one of the plain functions that the walk consists of. A table leads from the name of a member
in the JSON shape to what judges it, so that a valid resource costs one look-up for each member that is there, and none
for those that are not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from registry_sandbox.validation.checks import Check, Invariant
from registry_sandbox.validation.context import Place, Step, ValidationContext, path, short
from registry_sandbox.validation.slicing import Slice


@dataclass(frozen=True, slots=True)
class Cardinality:
    """How many there may be (`most` is None for any number), and which profiles say so."""

    least: int
    most: int | None
    least_by: str
    most_by: str


@dataclass(frozen=True, slots=True)
class Primitive:
    """What is judged of a primitive's extras (`_status`): its id and extensions, and what holds if it has no value."""

    step: Step
    repeats: bool
    cardinality: Cardinality
    absent: Check | None
    extension: Check
    exact: str
    """The profile that fixes the value, so that nothing may be added to it; or nothing."""


class Member(NamedTuple):
    """What judges the members of one name, if there is anything to judge.

    Of an element that stands once at most, in the base definition already, `step` is its own and the check is given its
    place; where there is no step, the check is given the place of the parent.
    """

    check: Check | None
    step: Step | None = None


Required = tuple[frozenset[str], Step, Cardinality]
"""The names under which a required child may stand, and where it is missed."""


def forbidden(step: Step, cardinality: Cardinality) -> Check:
    """Make the check of an element whose maximum is 0."""
    source = cardinality.most_by

    def check(value: Any, parent: Place, context: ValidationContext) -> None:
        at = (parent, step, 0 if isinstance(value, list) else None)
        times = f" (it is there {len(value)} times)" if isinstance(value, list) and len(value) > 1 else ""
        context.add("structure", at, f"{path(at)} must not be there{times}: {short(source)} forbids it", source)

    return check


def wrong_type(step: Step, allowed: str, source: str) -> Check:
    """Make the check of a choice's member whose type the profile does not allow."""

    def check(_value: Any, parent: Place, context: ValidationContext) -> None:
        at = (parent, step, None)
        context.add("structure", at, f"{path(at)} has the wrong type; {short(source)} wants {allowed}", source)

    return check


def many(step: Step, inner: Check | None, cardinality: Cardinality) -> Check:
    """Make the check of an element that is a list in JSON: how many there are, and each of them."""
    least, most = cardinality.least, cardinality.most

    def check(value: Any, parent: Place, context: ValidationContext) -> None:
        if (most is not None and len(value) > most) or len(value) < least:
            _wrong_number(len(value), (parent, step, most if most and len(value) > most else 0), cardinality, context)
        if inner is not None:
            for index, item in enumerate(value):
                if item is not None:
                    inner(item, (parent, step, index), context)

    return check


def _wrong_number(found: int, at: Place, cardinality: Cardinality, context: ValidationContext) -> None:
    if found < cardinality.least:
        source, wanted = cardinality.least_by, f"at least {cardinality.least}"
        context.add(
            "required", at, f"{path(at)} is there {_times(found)}: {short(source)} wants {wanted}", source, missing=True
        )
    else:
        source, wanted = cardinality.most_by, f"{cardinality.most} at most"
        context.add("structure", at, f"{path(at)} is there {_times(found)}: {short(source)} wants {wanted}", source)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def sliced(step: Step, inner: Check | None, cardinality: Cardinality, slices: list[Slice], closed_by: str) -> Check:
    """Make the check of a sliced list: each item by its slice, and how many each slice has.

    `closed_by` names the profile that allows no item outside the slices, or nothing.
    """
    counted = many(step, None, cardinality)
    names = ", ".join(part.name for part in slices)

    def check(value: Any, parent: Place, context: ValidationContext) -> None:
        counted(value, parent, context)
        numbers = [0] * len(slices)
        for index, item in enumerate(value):
            if item is None:
                continue
            at = (parent, step, index)
            which = next((n for n, part in enumerate(slices) if part.matches(item)), None)
            judge = inner if which is None else slices[which].check
            if which is not None:
                numbers[which] += 1
                _too_many(slices[which], numbers[which], at, context)
            elif closed_by:
                message = f"{path(at)} belongs to none of the slices {names}: {short(closed_by)} allows no other"
                context.add("structure", at, message, closed_by)
            if judge is not None:
                judge(item, at, context)
        for part, number in zip(slices, numbers, strict=True):
            _too_few(part, number, (parent, step, len(value)), context)

    return check


def _too_many(part: Slice, number: int, at: Place, context: ValidationContext) -> None:
    if part.most is not None and number == part.most + 1:
        message = f"{path(at)}: more than {part.most} of slice {part.name}; {short(part.source)} allows no more"
        context.add("structure", at, message, part.source)


def _too_few(part: Slice, number: int, at: Place, context: ValidationContext) -> None:
    if number < part.least:
        message = (
            f"{path(at)}: slice {part.name} is there {_times(number)}; {short(part.source)} wants at least {part.least}"
        )
        context.add("required", at, message, part.source, missing=True)


def element(  # noqa: PLR0913 - what an element consists of
    table: Mapping[str, Member],
    primitives: Mapping[str, Primitive],
    required: list[Required],
    invariants: Sequence[Invariant],
    checks: list[Check],
    *,
    never_empty: bool,
) -> Check:
    """Make the check of an element with children: each of them, those that are missed, and the invariants.

    `table` has every name that may stand here.
    """
    named = {name for names, _, _ in required if len(names) == 1 for name in names}
    chosen = [names for names, _, _ in required if len(names) > 1]
    extras = _extras(primitives, table)

    def check(value: Any, at: Place, context: ValidationContext) -> None:
        for name, member in value.items():
            known = table.get(name)
            if known is None:
                extras((name, member, value), at, context)
                continue
            judge, step = known
            if judge is not None:
                judge(member, at if step is None else (at, step, None), context)
        if required and (not named <= value.keys() or (chosen and any(names.isdisjoint(value) for names in chosen))):
            _note_missing(required, value, at, context)
        if never_empty and len(value) < 2 and (not value or "id" in value):  # noqa: PLR2004 - id alone is no content
            context.add("invariant", at, f"{path(at)} is empty: an element has a value or children (ele-1)", "ele-1")
        for holds, note in invariants:
            if not holds(value, context):
                note(value, at, context)
        for further in checks:
            further(value, at, context)

    return check


def _note_missing(required: list[Required], value: dict[str, Any], at: Place, context: ValidationContext) -> None:
    for names, step, cardinality in required:
        if any(name in value or f"_{name}" in value for name in names):
            continue
        missing = (at, step, None)
        wanted = "exactly one" if (cardinality.least, cardinality.most) == (1, 1) else f"at least {cardinality.least}"
        source = cardinality.least_by
        context.add(
            "required", missing, f"{path(missing)} is missing: {short(source)} wants {wanted}", source, missing=True
        )


def _extras(primitives: Mapping[str, Primitive], table: Mapping[str, Member]) -> Check:
    """Make the check of a member that is no element's name: a primitive's extras, or nothing that belongs here."""

    def check(what: Any, at: Place, context: ValidationContext) -> None:
        name, member, holder = what
        primitive = primitives.get(name[1:]) if name.startswith("_") else None
        if primitive is not None:
            _judge_extras(primitive, member, holder.get(name[1:]), at, context)
        elif name != "resourceType":
            known = ", ".join(sorted(table))
            here: Place = (at, Step(name, f"f:{name}", len(table)), None)
            context.add("structure", here, f"{path(here)} is no element of {path(at)}, which may have {known}", "")

    return check


def _judge_extras(primitive: Primitive, member: Any, value: Any, parent: Place, context: ValidationContext) -> None:
    if not primitive.repeats:
        _judge_extra(primitive, member, value, (parent, primitive.step, None), context)
        return
    values = value or []
    for index in range(max(len(member), len(values))):
        extra = member[index] if index < len(member) else None
        of = values[index] if index < len(values) else None
        if extra is not None or of is None:
            _judge_extra(primitive, extra or {}, of, (parent, primitive.step, index), context)


def _judge_extra(
    primitive: Primitive, extra: dict[str, Any], value: Any, at: Place, context: ValidationContext
) -> None:
    if value is None and primitive.cardinality.most == 0:
        source = primitive.cardinality.most_by
        context.add("structure", at, f"{path(at)} must not be there: {short(source)} forbids it", source)
        return
    if value is None and "extension" not in extra:
        context.add("invariant", at, f"{path(at)} is empty: an element has a value or children (ele-1)", "ele-1")
    if value is None and primitive.absent is not None:
        primitive.absent(extra, at, context)
    elif primitive.exact:
        message = f"{path(at)} has an id or extensions; {short(primitive.exact)} fixes its value, and nothing beside it"
        context.add("value", at, message, primitive.exact)
    if "extension" in extra:
        primitive.extension(extra["extension"], at, context)
