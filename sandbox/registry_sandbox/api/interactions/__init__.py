"""The interactions of the interface: one module each, named as FHIR names it."""

from importlib import import_module
from pkgutil import iter_modules

from registry_sandbox.api.routing import Interaction


def declared() -> tuple[Interaction, ...]:
    """Give every interaction that a module of this package declares."""
    modules = (import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__))
    values = (value for module in modules for value in vars(module).values() if isinstance(value, tuple))
    return tuple(each for value in values for each in value if isinstance(each, Interaction))
