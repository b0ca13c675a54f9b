"""An element with children: each child by its name, those that are missing, and the conditions of the element.

A table leads from the name of a member in the JSON shape to its validator. So a valid resource costs one look-up for
each member that is there, and nothing for those that are not.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry_sandbox.validation.cardinality import Cardinality
from registry_sandbox.validation.context import Place, Step, ValidationContext, path, short
from registry_sandbox.validation.element_ids import require_id
from registry_sandbox.validation.validators import Child, Condition, Holds, Validator, all_of


@dataclass(frozen=True, slots=True)
class Extras:
    """What is validated of a primitive beside its value (`_status`), and what must hold if it has no value.

    `fixed_by` names the profile that fixes the value, so that nothing may stand beside it; or nothing.
    """

    step: Step
    repeats: bool
    cardinality: Cardinality
    absent: Validator | None
    extension: Child
    fixed_by: str


_Entry = tuple[Callable[[Any], object] | None, Step, Validator | None]
"""What there is of a child: a plain tuple, which Python unpacks several times faster than one with named fields."""

Required = tuple[frozenset[str], Step, Cardinality]
"""The names under which a required child may stand, and what is said where it is missing."""


def element(  # noqa: PLR0913 - what an element consists of
    children: Mapping[str, Child],
    extras: Mapping[str, Extras],
    required: Sequence[Required],
    conditions: Sequence[Condition],
    validators: Sequence[Validator],
    *,
    never_empty: bool,
) -> Validator:
    """Return the validator of an element with children.

    Args:
        children: by every name that may stand here.
        extras: by the name of the primitive that they belong to.
        required: the children whose minimum is above 0.
        conditions: of this element.
        validators: of the element as a whole, such as its binding.
        never_empty: ele-1 is asked of it; a resource may be empty.
    """
    named = [(name, each) for each in required if len(each[0]) == 1 for name in each[0]]
    choices = [_choice(each) for each in required if len(each[0]) != 1]
    always = [(each.holds, each.note) for each in conditions if not each.given]
    further = all_of([*choices, *_guarded(conditions), *validators])
    may_be_empty = never_empty and not named  # one that has all that it needs is not
    entries = {name: (each.holds, each.step, each.validate) for name, each in children.items()}
    return _validator(entries, extras, named, always, further, may_be_empty=may_be_empty)


# Every write passes here several times: no calls and no places for members that need none.
def _validator(  # noqa: C901, PLR0913 - the hot path: each call that it is spared counts
    children: Mapping[str, _Entry],
    extras: Mapping[str, Extras],
    named: Sequence[tuple[str, Required]],
    always: Sequence[tuple[Holds, Validator]],
    further: Validator | None,
    *,
    may_be_empty: bool,
) -> Validator:
    wanted = frozenset(name for name, _ in named)

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        for name, member in value.items():
            try:
                is_right, step, validate_child = children[name]  # the quickest look-up there is
            except KeyError:
                _validate_other(name, value, at, context, children, extras)
                continue
            if validate_child is not None and (is_right is None or not is_right(member)):
                validate_child(member, (at, step, None), context)
        if not wanted <= value.keys():
            for each in (required for name, required in named if name not in value):
                _note_missing(each, value, at, context)
        if may_be_empty and len(value) < 2:  # noqa: PLR2004 - one member may be the id, which is no content
            _require_content(value, at, context)
        for holds, note in always:
            if not holds(value, context):
                note(value, at, context)
        if further is not None:
            further(value, at, context)

    return validate


def _require_content(value: dict[str, Any], at: Place, context: ValidationContext) -> None:
    if not value or "id" in value:
        context.add("invariant", at, f"{path(at)} is empty: an element has a value or children (ele-1)", "ele-1")


def _choice(required: Required) -> Validator:
    """Return the validator of a required choice, which may stand under any of its names."""
    names = required[0]

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        if names.isdisjoint(value):
            _note_missing(required, value, at, context)

    return validate


def _guarded(conditions: Sequence[Condition]) -> Iterator[Validator]:
    """Yield a validator for the conditions that share a member without which they hold."""
    for given in dict.fromkeys(each.given for each in conditions if each.given):
        if those := all_of((), [each for each in conditions if each.given == given]):
            yield _given(given, those)


def _given(name: str, inner: Validator) -> Validator:
    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        if name in value:
            inner(value, at, context)

    return validate


def _note_missing(required: Required, value: dict[str, Any], at: Place, context: ValidationContext) -> None:
    names, step, cardinality = required
    if any(f"_{name}" in value for name in names):
        return  # it has no value, but stands there: its extras are validated by themselves
    missing = (at, step, None)
    wanted = "exactly one" if (cardinality.least, cardinality.most) == (1, 1) else f"at least {cardinality.least}"
    source = cardinality.least_by
    message = f"{path(missing)} is missing: {short(source)} wants {wanted}"
    context.add("required", missing, message, source, missing=True)


def _validate_other(  # noqa: PLR0913, PLR0917 - all that the loop above knows
    name: str,
    holder: dict[str, Any],
    at: Place,
    context: ValidationContext,
    children: Collection[str],
    extras: Mapping[str, Extras],
) -> None:
    """Validate a member that is no child's name: a primitive's extras, or nothing that belongs here."""
    known = extras.get(name[1:]) if name.startswith("_") else None
    if known is not None:
        _validate_extras(known, holder[name], holder.get(name[1:]), at, context)
    else:
        here: Place = (at, Step(name, f"f:{name}", len(children)), None)
        names = ", ".join(sorted(each for each in children if each != "resourceType"))
        message = f"{path(here)} is no element of {path(at)}, which may have {names}"
        context.add("structure", here, message, "")


def _validate_extras(known: Extras, member: Any, value: Any, parent: Place, context: ValidationContext) -> None:
    if not known.repeats:
        _validate_extra(known, member, value, (parent, known.step, None), context)
        return
    # Two lists side by side: a null in one of them stands for what only the other one has.
    values = value or []
    for index in range(max(len(member), len(values))):
        extra = member[index] if index < len(member) else None
        of = values[index] if index < len(values) else None
        if extra is not None or of is None:
            _validate_extra(known, extra or {}, of, (parent, known.step, index), context)


_ID = Step("id", "@id", 0)


def _validate_extra(known: Extras, extra: dict[str, Any], value: Any, at: Place, context: ValidationContext) -> None:
    if value is None and known.cardinality.most == 0:
        source = known.cardinality.most_by
        context.add("structure", at, f"{path(at)} must not be there: {short(source)} forbids it", source)
        return
    if value is None and "extension" not in extra:
        context.add("invariant", at, f"{path(at)} is empty: an element has a value or children (ele-1)", "ele-1")
    if value is None and known.absent is not None:
        known.absent(extra, at, context)
    elif known.fixed_by:
        message = f"{path(at)} has an id or extensions; {short(known.fixed_by)} fixes its value, and nothing beside it"
        context.add("value", at, message, known.fixed_by)
    if "id" in extra:
        require_id(extra["id"], (at, _ID, None), context)
    if "extension" in extra and known.extension.validate is not None:
        known.extension.validate(extra["extension"], (at, known.extension.step, None), context)
