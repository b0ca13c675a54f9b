"""FHIR's types as plain facts: the elements of each type, their order, type and maximum.

Source: FHIR STU3, Formats: the rules that XML and JSON derive from a StructureDefinition.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["primitive-type", "complex-type", "resource"]

ANY_RESOURCE = "Resource"
"""The type of an element that holds a whole resource: `contained`, `Bundle.entry.resource`."""

XHTML = "xhtml"
"""The primitive type that is not an attribute in XML, but an element of another namespace."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a type. Each member of a choice is an element: `valueString`, with `choice` `value[x]`."""

    name: str
    type: str
    many: bool = False
    choice: str = ""
    attribute: bool = False


@dataclass(frozen=True, slots=True)
class Type:
    """A type: a data type, a resource, or the type of a backbone element, which has the element's path as its name."""

    name: str
    kind: Kind
    json: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Structure:
    """All types by name, and the names of STU3's resource types that are not described here (`opaque`)."""

    types: Mapping[str, Type]
    opaque: frozenset[str]

    def resources(self) -> Iterator[Type]:
        """Return the resource types that are described."""
        return (each for each in self.types.values() if each.kind == "resource" and each.name not in ABSTRACT)


ABSTRACT = frozenset({"Resource", "DomainResource"})


def load(path: Path) -> Structure:
    """Read the facts that `dumps` wrote."""
    content = json.loads(path.read_bytes())
    types = {name: _type(name, content["types"][name]) for name in content["types"]}
    return Structure(types, frozenset(content["opaque"]))


def dumps(structure: Structure) -> str:
    """Write the facts as JSON, one type per line. An element is `name: "type max [choice]"`; `@` marks an attribute."""
    lines = []
    for each in structure.types.values():
        facts = {"kind": each.kind, **({"json": each.json} if each.json else {}), "elements": _facts(each)}
        lines.append(f"  {json.dumps(each.name)}: {json.dumps(facts)}")
    types = ",\n".join(lines)
    return f'{{\n "types": {{\n{types}\n }},\n "opaque": {json.dumps(sorted(structure.opaque))}\n}}\n'


def _facts(described: Type) -> dict[str, str]:
    return {
        "@" * each.attribute + each.name: f"{each.type} {'*' if each.many else '1'} {each.choice}".rstrip()
        for each in described.elements
    }


def _type(name: str, facts: Mapping[str, Mapping[str, str]]) -> Type:
    elements = tuple(_element(*fact) for fact in facts["elements"].items())
    return Type(name, facts["kind"], str(facts.get("json", "")), elements)  # type: ignore[arg-type]  # a Kind, as written


def _element(name: str, fact: str) -> Element:
    of_type, maximum, *choice = fact.split(" ")
    return Element(name.lstrip("@"), of_type, maximum == "*", "".join(choice), name.startswith("@"))
