"""Sliced lists: each item by its slice, and how many each slice has.

Source: https://hl7.org/fhir/STU3/profiling.html#slicing
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry_sandbox.validation.cardinality import Cardinality, counted, times
from registry_sandbox.validation.context import Place, ValidationContext, path, short
from registry_sandbox.validation.discriminators import Told
from registry_sandbox.validation.validators import Validator


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice: which items are its, what validates them, how many there may be, and the slices that it has itself."""

    name: str
    told: Told
    validate: Validator | None
    least: int
    most: int
    source: str
    slicing: "Slicing | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Slicing:
    """The slices of a list, or of a slice, in the order in which an item is offered to them.

    `closed_by` names the profile that allows no item outside the slices, or nothing.
    """

    slices: Sequence[Slice]
    closed_by: str
    slice_of: Callable[[Any, ValidationContext], Slice | None] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slice_of", _classifier(self.slices))

    def every(self) -> Iterator[Slice]:
        """Yield all slices, those of slices after their own."""
        for part in self.slices:
            yield part
            if part.slicing:
                yield from part.slicing.every()


def _classifier(slices: Sequence[Slice]) -> Callable[[Any, ValidationContext], Slice | None]:
    """Return the function that finds an item's slice.

    Extensions are told by their `url`, so that one look-up finds the slice, however many there are.
    """
    texts = {part.told.text: part for part in reversed(slices)}
    names = {text[0] for text in texts if text}
    if None not in texts and len(names) == 1:
        name = names.pop()
        by_text = {text[1]: part for text, part in texts.items() if text}
        return lambda item, _context: by_text.get(item.get(name))
    return lambda item, context: next((part for part in slices if part.told.matches(item, context)), None)


def sliced(inner: Validator | None, cardinality: Cardinality, slicing: Slicing) -> Validator:
    """Return the validator of a sliced list.

    Args:
        inner: validates an item that belongs to no slice.
        cardinality: of the list as a whole.
        slicing: its slices.
    """
    of_list, every = counted(cardinality), list(slicing.every())

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        of_list(value, at, context)
        parent, step, _ = at
        numbers = dict.fromkeys(map(id, every), 0)
        for index, item in enumerate(value):
            if item is None:
                continue
            here = (parent, step, index)
            by = _assign(slicing, item, here, context, numbers) or inner
            if by is not None:
                by(item, here, context)
        for part in every:
            _note_too_few(part, numbers[id(part)], (parent, step, len(value)), context)

    return validate


def _assign(
    slicing: Slicing, item: Any, at: Place, context: ValidationContext, numbers: dict[int, int]
) -> Validator | None:
    """Count an item where it belongs, and return the validator of the innermost slice that it belongs to."""
    part = slicing.slice_of(item, context)
    if part is None:
        if slicing.closed_by:
            names, source = ", ".join(each.name for each in slicing.slices), slicing.closed_by
            message = f"{path(at)} belongs to none of the slices {names}: {short(source)} allows no other"
            context.add("structure", at, message, source)
        return None
    numbers[id(part)] += 1
    if numbers[id(part)] == part.most + 1:
        message = f"{path(at)}: more than {part.most} of slice {part.name}; {short(part.source)} allows no more"
        context.add("structure", at, message, part.source)
    further = _assign(part.slicing, item, at, context, numbers) if part.slicing else None
    return further or part.validate


def _note_too_few(part: Slice, number: int, at: Place, context: ValidationContext) -> None:
    if number < part.least:
        wanted = f"{short(part.source)} wants at least {part.least}"
        message = f"{path(at)}: slice {part.name} is there {times(number)}; {wanted}"
        context.add("required", at, message, part.source, missing=True)
