"""Whether a JSON value has the shape of a FHIR resource: known members, right JSON types, arrays where they belong.

What this leaves open, namely choices, the spelling of primitives and the content of the narrative, the reading schema
decides, on the XML of the same resource.

Source: FHIR STU3, JSON Representation.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, NamedTuple

from registry_sandbox.fhir import json, narrative
from registry_sandbox.fhir.json import MAX_DEPTH, Repeated, described
from registry_sandbox.fhir.place import Place
from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Structure, Type

_TOO_DEEP = f"is nested too deep: at most {MAX_DEPTH} elements stand inside each other"


MOST_MISFITS = 100
"""After one more than these the walk ends: a hostile body could hold a million."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing that has not the shape: where, what, and the object that holds it."""

    place: Place
    message: str
    location: str
    holder: dict[str, Any]

    def leave_out(self) -> None:
        """Take it out of the resource, with its sibling that has or has not the underscore, so that the rest fits."""
        name = self.place.name.removeprefix("_")
        self.holder.pop(f"_{name}", None)
        if name != "resourceType" or self.place.name == name:
            self.holder.pop(name, None)


class _Member(NamedTuple):
    """What a member of an object is: `json` is the JSON type of a primitive, `members` the type of an object's own."""

    name: str
    many: bool
    json: str
    members: str
    xhtml: bool = False
    underscored: bool = False


_Members = Mapping[str, _Member]


class Shape:
    """The shapes of all the types, made once."""

    def __init__(self, structure: Structure) -> None:
        self.members: dict[str, _Members] = {each.name: _members(each, structure) for each in structure.types.values()}
        self.resources = frozenset(each.name for each in structure.resources())
        self.opaque = structure.opaque

    def misfits(self, resource: dict[str, Any]) -> list[Misfit]:
        """Give all that has not the shape of the resource type that it says to be, in the order of the document."""
        walk = _Walk(self)
        name = resource["resourceType"]
        with suppress(_EnoughError):
            walk.enter(resource, self.members[name], Place(None, name), "resourceType")
        return walk.found


class _EnoughError(Exception):
    """More is wrong than anybody reads."""


class _Walk:
    """One walk through one resource, and the misfits that it met."""

    def __init__(self, shape: Shape) -> None:
        self.found: list[Misfit] = []
        self._shape = shape

    def enter(self, value: dict[str, Any], members: _Members, place: Place, ignoring: str | None = None) -> None:
        """Judge each member of an object."""
        if type(value) is Repeated:
            self._note(place, f"has the member {json.quoted(value.name)} more than once", {})
        for name, content in value.items():
            member = members.get(name)
            if member is None:
                if name != ignoring:
                    self._note(place.to(name), _unknown(name, members), value, place.xpath())
            elif member.many:
                self._array(value, content, member, place.to(name))
            elif type(content) is not str or member.json != "string" or member.xhtml or json.flaw_of(content):
                self._value(value, content, member, place.to(name))

    def _array(self, holder: dict[str, Any], content: Any, member: _Member, place: Place) -> None:
        if type(content) is not list:
            message = f"is {described(content)}, but {member.name} may repeat: expected an array"
            self._note(place, message, holder)
            return
        if not content:
            self._note(place, "is an empty array: leave it out", holder)
        sibling = self._sibling(holder, content, member, place)
        for index, each in enumerate(content):
            here = place.at(index)
            if each is None and sibling is not None:
                if index >= len(sibling) or sibling[index] is None:
                    self._note(here, f"is null, and nothing stands for it in {_sibling_of(place.name)}", holder)
            else:
                self._value(holder, each, member, here)

    def _sibling(self, holder: dict[str, Any], content: list[Any], member: _Member, place: Place) -> list[Any] | None:
        """Give the array beside this one, where one has the values and the other their ids and extensions."""
        name = _sibling_of(place.name)
        sibling = holder.get(name) if member.json or member.underscored else None
        if type(sibling) is not list:
            return None
        if member.underscored and len(sibling) != len(content):
            message = f"has {len(content)} items, but {name} has {len(sibling)}: they go in pairs, padded with null"
            self._note(place, message, holder)
        return sibling

    def _value(self, holder: dict[str, Any], value: Any, member: _Member, place: Place) -> None:
        if member.json:
            self._primitive(holder, value, member, place)
        elif not isinstance(value, dict):
            expected = "one object, for it does not repeat" if type(value) is list else "an object"
            self._note(place, f"is {described(value)}: expected {expected}", holder)
        elif not value:
            self._note(place, "is an empty object: leave it out", holder)
        elif place.depth > MAX_DEPTH:
            self._note(place, _TOO_DEEP, holder)
        elif member.members == ANY_RESOURCE:
            self._any_resource(holder, value, place)
        else:
            self.enter(value, self._shape.members[member.members], place)

    def _primitive(self, holder: dict[str, Any], value: Any, member: _Member, place: Place) -> None:
        message = _flaw(value, member.json)
        if member.xhtml and not message:
            holder[place.name], message = narrative.read(value, MAX_DEPTH - place.depth + 1)
        if message:
            self._note(place, message, holder)

    def _any_resource(self, holder: dict[str, Any], value: dict[str, Any], place: Place) -> None:
        name = value.get("resourceType")
        known = self._shape.resources | self._shape.opaque
        if not isinstance(name, str) or name not in known:
            self._note(place, resource_type_flaw(name, known), holder)
        elif name in self._shape.resources:
            self.enter(value, self._shape.members[name], place.holding(name), "resourceType")
        else:
            self._unjudged(value, place)

    def _unjudged(self, value: Any, place: Place) -> None:
        """Note what no resource of any type can hold."""
        if place.depth > MAX_DEPTH:
            self._note(place, _TOO_DEEP, {}, "/*")
            return
        if type(value) is Repeated:
            self._note(place, f"has the member {json.quoted(value.name)} more than once", {})
        if isinstance(value, dict) and value:
            for name, each in value.items():
                self._unjudged(each, place.to(name))
        elif type(value) is list and value:
            for index, each in enumerate(value):
                if type(each) is list:
                    self._note(place.at(index), "is an array in an array, which FHIR does not have", {})
                else:
                    self._unjudged(each, place.at(index))
        elif flaw := _flaw(value, _JSON_TYPES.get(type(value), "value")):
            self._note(place, flaw, {})

    def _note(self, place: Place, message: str, holder: dict[str, Any], location: str = "") -> None:
        self.found.append(Misfit(place, message, location or place.xpath(), holder))
        if len(self.found) > MOST_MISFITS:
            raise _EnoughError


def resource_type_flaw(found: object, known: Iterable[str]) -> str:
    """Say what is wrong with a resourceType that is none of those known."""
    if found is None:
        return "has no resourceType"
    near = get_close_matches(found, known, n=1) if isinstance(found, str) else []
    hint = f": did you mean {near[0]}?" if near else ""
    return f"has as resourceType {described(found)}, which FHIR STU3 does not know{hint}"


def _members(described_type: Type, structure: Structure) -> _Members:
    members = {}
    for element in described_type.elements:
        name, json_type, xhtml = element.name, structure.types[element.type].json, element.type == XHTML
        members[name] = _Member(name, element.many, json_type, element.type, xhtml)
        if json_type and not element.attribute and not xhtml:
            members[f"_{name}"] = _Member(name, element.many, "", "Element", underscored=True)
    return members


def _flaw(value: Any, expected: str) -> str:
    """Say what is wrong with a value that should be a JSON string, number or boolean, or give nothing."""
    kind = type(value)
    if kind is str and expected == "string":
        flaw = json.flaw_of(value)
        return f"is {flaw}: expected text of characters that XML can carry too" if flaw else ""
    if (kind is bool and expected == "boolean") or (kind in (int, Decimal) and expected == "number"):
        return ""
    return f"is {described(value)}: expected a {expected}"


def _unknown(name: str, members: _Members) -> str:
    near = get_close_matches(name, members, n=2)
    hint = f": did you mean {' or '.join(near)}?" if near else ""
    return f"is no element that FHIR STU3 knows here{hint}"


def _sibling_of(name: str) -> str:
    return name[1:] if name.startswith("_") else f"_{name}"


def places(resource: dict[str, Any]) -> dict[str, int]:
    """Give the XPath of everything in a resource, in the order of the JSON text."""
    return {
        place.xpath(): order
        for order, place in enumerate(_places(resource, Place(None, str(resource["resourceType"]))))
    }


def _places(value: Any, place: Place) -> Iterator[Place]:
    yield place
    if place.depth > MAX_DEPTH or not isinstance(value, dict):
        return
    for name, content in value.items():
        for index, each in enumerate(content) if type(content) is list else ((None, content),):
            here = place.to(name, index)
            yield here
            inside = each.get("resourceType") if isinstance(each, dict) else None
            yield from _places(each, here.holding(inside) if isinstance(inside, str) else here)


_JSON_TYPES = {str: "string", bool: "boolean", int: "number", Decimal: "number"}
