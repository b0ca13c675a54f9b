"""The plain functions that a compiled profile consists of, and how several become one."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from registry_sandbox.validation.context import Place, Step, ValidationContext, path, short

Validator = Callable[[Any, Place, ValidationContext], None]
"""Validates a value that stands at a place, and adds what it finds to the context."""


class Child(NamedTuple):
    """What is validated of the value that stands under one name in JSON, be it a list.

    A value of which `holds` is true is plainly right. Any other goes to `validate`, with a place that has no index; it
    is None where nothing is asked.
    """

    step: Step
    holds: Callable[[Any], object] | None = None
    validate: Validator | None = None


class Constraint(NamedTuple):
    """What a value must satisfy by itself, and what adds the finding if it does not.

    `holds` returns something true or not; it is often a function of C, such as the `search` of a regular expression.
    `only` are the texts that satisfy it, where there are few.
    """

    holds: Callable[[Any], object]
    note: Validator
    only: frozenset[str] | None = None


Holds = Callable[[Any, ValidationContext], bool]
"""Returns whether a condition holds for a value; a primitive without a value is represented by its extras."""


class Condition(NamedTuple):
    """What must hold for an element within its resource, such as an invariant, and what adds the finding if not.

    `given` names a member without which it holds in any case. `search` is all that is asked of a text.
    """

    holds: Holds
    note: Validator
    given: str = ""
    search: Callable[[str], object] | None = None


def nothing(_value: Any, _at: Place, _context: ValidationContext) -> None:
    """Validate nothing."""


def lazily(make: Callable[[], Validator]) -> Validator:
    """Return a validator that is made when it is first called."""
    made: list[Validator] = []

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        if not made:
            made.append(make())
        made[0](value, at, context)

    return validate


def all_of(validators: Sequence[Validator], conditions: Sequence[Condition] = ()) -> Validator | None:
    """Return one validator for several, and for the conditions after them; None for none."""
    every = [*validators, *map(_of_condition, conditions)]
    if len(every) < 2:  # noqa: PLR2004 - one needs no loop
        return every[0] if every else None
    if len(every) == 2:  # noqa: PLR2004 - the most frequent number
        return _both(*every)

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        for each in every:
            each(value, at, context)

    return validate


def _both(first: Validator, second: Validator) -> Validator:
    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        first(value, at, context)
        second(value, at, context)

    return validate


def without_redundant(constraints: Sequence[Constraint]) -> list[Constraint]:
    """Leave out the constraints that every text satisfies which the narrowest of them allows."""
    narrowest = min((each for each in constraints if each.only), key=lambda each: len(each.only or ()), default=None)
    if narrowest is None:
        return [*constraints]
    texts = narrowest.only or ()
    return [each for each in constraints if each is narrowest or not all(each.holds(text) for text in texts)]


def of_constraint(constraint: Constraint) -> Validator:
    """Return the validator of a constraint."""
    holds, note, _ = constraint

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        if not holds(value):
            note(value, at, context)

    return validate


def plain_child(step: Step, constraints: Sequence[Constraint]) -> Child:
    """Return a child that is a primitive with no more to it than these constraints; valid ones need no place."""
    if not constraints:
        return Child(step)
    return Child(
        step, _all_hold(*(each.holds for each in constraints)), all_of([of_constraint(c) for c in constraints])
    )


def _all_hold(first: Callable[[Any], object], *others: Callable[[Any], object]) -> Callable[[Any], object]:
    if not others:
        return first
    rest = _all_hold(*others)
    return lambda value: first(value) and rest(value)


def _of_condition(condition: Condition) -> Validator:
    holds, note = condition.holds, condition.note

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        if not holds(value, context):
            note(value, at, context)

    return validate


def any_of(validators: list[Validator], profiles: list[str]) -> Validator:
    """Return the validator that requires conformance to at least one of several profiles."""
    wanted = " or ".join(short(profile) for profile in profiles)

    def validate(value: Any, at: Place, context: ValidationContext) -> None:
        for each in validators:
            alone = context.alone()
            each(value, at, alone)
            if not alone.numbers.get("error"):
                context.take(alone)
                return
        context.add("structure", at, f"{path(at)} conforms to none of the profiles {wanted}", profiles[0])

    return validate
