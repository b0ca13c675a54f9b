"""The interactions of the interface: one module each, named as FHIR names it."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from registry_sandbox.http.interaction import Interaction


@cache
def declared() -> tuple[Interaction, ...]:
    """Return every interaction that a module of this package declares."""
    modules = (import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__))
    values = (value for module in modules for value in vars(module).values() if isinstance(value, tuple))
    return tuple(each for value in values for each in value if isinstance(each, Interaction))
