"""Variations of what is stored when an appointment is registered: an unknown extension, and an id that is no UUID.

What is stored stays: the extension is part of every version, and an update has to bring it back.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from typing import Any, Final

from registry_sandbox.faults.variations import Draw, chosen
from registry_sandbox.faults.when import Scope, draw
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.registry.service import RegistryService, recorded
from registry_sandbox.registry.store import pointers_of
from registry_sandbox.registry.version import Stored

EXTENSION: Final = "extension"
IDS: Final = "ids"
NAMES: Final = (EXTENSION, IDS)

_SHARE: Final = 0.5
_SAMPLES: Final = "http://test.nhs.uk/"
_VALUES: Final[tuple[dict[str, Any], ...]] = (
    {"valueString": "kept by the registry"},
    {"valueBoolean": True},
    {"valueCode": "routine"},
)

Change = Callable[[str, Resource], Resource]
"""Changes what is stored as version 1 under an id."""


def draws_of(seed: int, logical_id: str) -> Draw:
    """Return the draws of an appointment: they follow from the seed and its id alone, whenever it is stored."""
    return partial(draw, seed, "vary", Scope(resource=logical_id), 0)


def takes_extension(resource: Resource) -> bool:
    """Return False for the pages' own samples: whoever pastes them must find them as they stand."""
    return not any(pointer.startswith(_SAMPLES) for pointer in pointers_of(resource))


def is_in_half(seed: int, logical_id: str) -> bool:
    """Return True for half of all ids."""
    return draws_of(seed, logical_id)(EXTENSION) < _SHARE


def planted(seed: int, logical_id: str, resource: Resource) -> Resource:
    """Return the resource with an extension that no client knows."""
    draws = draws_of(seed, logical_id)
    number = int(draws("number") * 1000)
    url = f"https://registry.example/StructureDefinition/Extension-Unknown-{number}"
    extension = {"url": url, **chosen(draws, "value", _VALUES)}
    return {**resource, "extension": [*resource.get("extension", []), extension]}


@lru_cache(maxsize=64)  # workspaces with one seed share what it makes of their seeds
def planted_in_half(seed: int) -> Change:
    """Return what plants an extension in half of the appointments: the same function for the same seed."""
    return lambda logical_id, resource: (
        planted(seed, logical_id, resource) if is_in_half(seed, logical_id) and takes_extension(resource) else resource
    )


def no_uuid(uuid: str) -> str:
    """Return an id of another form: FHIR allows 1 to 64 letters, digits, hyphens and dots."""
    return f"APPT.{uuid[:8].upper()}.{int(uuid[-4:], 16)}"


@dataclass(frozen=True, slots=True)
class VaryingService(RegistryService):
    """A service that changes what it registers."""

    change: Change = lambda _, resource: resource

    def register(self, resource: Resource) -> Stored:
        """Store a new appointment, changed."""
        logical_id = self.new_id()
        return self.registry.create(self.change(logical_id, recorded(resource)), logical_id=logical_id, at=self.now())


def varying(service: RegistryService, change: Change, *, ids: bool) -> VaryingService:
    """Return a service like this one that changes what it registers, and gives it ids that are no UUIDs."""
    parts = {each.name: getattr(service, each.name) for each in fields(service) if each.name != "change"}
    if ids:
        new_id = service.new_id
        parts["new_id"] = lambda: no_uuid(new_id())
    return VaryingService(**parts, change=change)
