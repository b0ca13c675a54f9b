"""The plain functions that a walk consists of, and how several become one."""

from collections.abc import Callable, Sequence
from typing import Any

from registry_sandbox.validation.context import Place, ValidationContext, path, short

Check = Callable[[Any, Place, ValidationContext], None]
"""Judges a value that stands at a place, and notes what it finds."""

Holds = Callable[[Any, ValidationContext], bool]
"""Tells of a value whether an invariant holds; a primitive without a value is given by its extras."""


def nothing(_value: Any, _at: Place, _judging: ValidationContext) -> None:
    """Judge nothing."""


Invariant = tuple[Holds, Check]
"""What tells whether an invariant holds, and what notes that it does not."""


def all_of(checks: Sequence[Check], invariants: Sequence[Invariant] = ()) -> Check | None:
    """Make one check of several, and of the invariants behind them; nothing of none."""
    if not invariants and len(checks) < 2:  # noqa: PLR2004 - one check needs no loop
        return checks[0] if checks else None

    def check(value: Any, at: Place, context: ValidationContext) -> None:
        for each in checks:
            each(value, at, context)
        for holds, note in invariants:
            if not holds(value, context):
                note(value, at, context)

    return check


def any_of(checks: list[Check], profiles: list[str]) -> Check:
    """Make the check that one of several profiles is conformed to."""

    def check(value: Any, at: Place, context: ValidationContext) -> None:
        for each in checks:
            alone = ValidationContext(context.whole, context.resource)
            each(value, at, alone)
            if not any(finding.severity == "error" for _, finding in alone.found):
                context.found.extend(alone.found)
                for severity, number in alone.numbers.items():
                    context.numbers[severity] += number
                return
        wanted = " or ".join(short(profile) for profile in profiles)
        context.add("structure", at, f"{path(at)} conforms to none of the profiles {wanted}", profiles[0])

    return check
