"""The registry's business rules: one module each, named as its sentence.

A rule sees values only: what is proposed, what is stored, and how strict the operator wants it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal, NamedTuple

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Resource

On = Literal["create", "update"]


class Strictness(NamedTuple):
    """The operator's choices where the sources leave one; the defaults are the strict reading of the pages."""

    refuse_duplicates: bool = False
    check_digit: bool = False
    allow_entered_in_error: bool = False


class Case(NamedTuple):
    """What a rule sees: the resource that is sent, and the stored one (`current`, empty on create)."""

    proposed: Resource
    current: Resource
    strictness: Strictness
    knows_pointer: Callable[[str], bool]


Check = Callable[[Case], Iterator[Finding]]
IsWanted = Callable[[Strictness], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, the interactions that it is for, and whether it is in force where the operator is so strict."""

    check: Check
    on: tuple[On, ...]
    is_wanted: IsWanted


def rule(*on: On, where: IsWanted = lambda _strictness: True) -> Callable[[Check], Rule]:
    """Declare the function below as a rule of these interactions, in force where the operator is so strict."""
    return lambda check: Rule(check, on, where)


@cache
def rules_of(on: On, strictness: Strictness) -> tuple[Rule, ...]:
    """Return the rules of an interaction that are in force, in the order of their files' names."""
    modules = (import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__))
    declared = (value for module in modules for value in vars(module).values() if isinstance(value, Rule))
    return tuple(each for each in declared if on in each.on and each.is_wanted(strictness))


def findings(on: On, case: Case) -> list[Finding]:
    """Return the findings of every rule of an interaction; none hides another."""
    return [finding for each in rules_of(on, case.strictness) for finding in each.check(case)]
