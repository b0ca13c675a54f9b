"""The elements that a resource has, each with what the standard says of it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.oracle.facts import PRIMITIVES, Member, members
from tests.oracle.shapes import Resource


@dataclass(frozen=True, slots=True)
class Place:
    """An element of a resource: the object that holds it, and what the standard says of it."""

    holder: Resource
    member: Member

    @property
    def value(self) -> Any:
        """What stands there."""
        return self.holder[self.member.name]

    def put(self, value: Any) -> None:
        """Put another value there, or into the first place of a list."""
        if self.member.many and isinstance(self.value, list) and self.value and not isinstance(value, list):
            self.value[0] = value
        else:
            self.holder[self.member.name] = value


def objects(value: Any, of: str) -> Iterator[tuple[Resource, str]]:
    """Yield the objects in a resource, each with its type, from the outside to the inside."""
    if not isinstance(value, dict):
        return
    of = str(value.get("resourceType", of))
    yield value, of
    for member in members(of):
        for name, kind in ((member.name, member.of), (f"_{member.name}", "Element")):
            inside = value.get(name)
            if name.startswith("_") or member.of not in PRIMITIVES:
                for each in inside if isinstance(inside, list) else [inside]:
                    yield from objects(each, kind)


def places(resource: Resource, *, primitive: bool | None = None) -> list[Place]:
    """Return the elements that are there: all, only the primitive, or only the complex ones."""
    return [
        Place(holder, member)
        for holder, of in objects(resource, "Appointment")
        for member in members(of)
        if member.name in holder and primitive in {None, member.of in PRIMITIVES}
    ]


def any_object(chance: random.Random, resource: Resource) -> Resource:
    """Return the resource, or one of the objects in it."""
    return chance.choice(list(objects(resource, "Appointment")))[0]
