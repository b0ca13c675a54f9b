"""The registry's business rules: one module each, named as its sentence.

A rule sees values only: what is proposed, what is stored, and how strict the operator wants it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Resource

On = Literal["create", "update"]


@dataclass(frozen=True, slots=True)
class Strictness:
    """The operator's choices where the sources leave one; the defaults are the strict reading of the pages."""

    refuse_duplicates: bool = False
    check_digit: bool = False
    allow_entered_in_error: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule sees: the resource that is sent, and the stored one (`current`, empty on create)."""

    proposed: Resource
    current: Resource
    strictness: Strictness
    knows_pointer: Callable[[str], bool]


Check = Callable[[Case], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and the interactions that it is for."""

    check: Check
    on: tuple[On, ...]


def rule(*on: On) -> Callable[[Check], Rule]:
    """Declare the function below as a rule of these interactions."""
    return lambda check: Rule(check, on)


@cache
def rules_of(on: On) -> tuple[Rule, ...]:
    """Return the rules of an interaction, in the order of their files' names."""
    modules = (import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__))
    declared = (value for module in modules for value in vars(module).values() if isinstance(value, Rule))
    return tuple(each for each in declared if on in each.on)


def findings(on: On, case: Case) -> list[Finding]:
    """Return the findings of every rule of an interaction; none hides another."""
    return [finding for each in rules_of(on) for finding in each.check(case)]
