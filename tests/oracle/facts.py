"""The elements of the data types and of Appointment, as the shipped base definitions list them.

Source: profiles/base, which tests hold to the published StructureDefinitions.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_PROFILES = Path(__file__).parents[2] / "profiles"

PRIMITIVES = frozenset(
    {"base64Binary", "boolean", "code", "date", "dateTime", "decimal", "id", "instant", "integer", "markdown", "oid"}
    | {"positiveInt", "string", "time", "unsignedInt", "uri", "uuid", "xhtml"}
)


@dataclass(frozen=True, slots=True)
class Member:
    """An element of a type. `of` is a type, or the path of a group of elements such as `Appointment.participant`.

    A choice is one member for each of its types, `choice` being the common name (`value[x]`). `bound` is the URL of
    the value set of a required binding.
    """

    name: str
    of: str
    many: bool = False
    required: bool = False
    attribute: bool = False
    choice: str = ""
    bound: str = ""


@cache
def members(of: str) -> tuple[Member, ...]:
    """Return the elements of a type or a group, in the order of the standard; none of a type that is not shipped."""
    definition = _definition(of.partition(".")[0])
    elements = definition.get("differential", {}).get("element", [])
    own = [each for each in elements if each["path"].rpartition(".")[0] == of]
    return (*_inherited(of, definition, elements), *(made for each in own for made in _members_of(each)))


@cache
def codes(value_set: str) -> tuple[str, ...]:
    """Return the codes of a shipped value set; none where it is no list of codes."""
    file = _PROFILES / "valuesets" / f"{value_set.rpartition('/')[2]}.json"
    if not file.exists():
        return ()
    included = json.loads(file.read_bytes())["compose"]["include"]
    return tuple(concept["code"] for each in included for concept in each.get("concept", ()))


def _inherited(of: str, definition: dict[str, Any], elements: list[dict[str, Any]]) -> tuple[Member, ...]:
    if "." in of:
        group = next(each for each in elements if each["path"] == of)
        return members(group["type"][0]["code"])
    base = definition.get("baseDefinition", "").rpartition("/")[2]
    return members(base) if base else ()


def _members_of(element: dict[str, Any]) -> list[Member]:
    path, name = element["path"], element["path"].rpartition(".")[2]
    types = list(dict.fromkeys(each["code"] for each in element.get("type", ()) if "code" in each))
    about = {
        "many": element.get("max") == "*",
        "required": element.get("min", 0) > 0,
        "attribute": "xmlAttr" in element.get("representation", ()),
    }
    if name.endswith("[x]"):
        stem = name.removesuffix("[x]")
        return [Member(f"{stem}{each[0].upper()}{each[1:]}", each, choice=name, **about) for each in types]
    group = types in (["BackboneElement"], ["Element"])
    of = path if group else (types or ["string"])[0]
    binding = element.get("binding", {})
    required = binding.get("strength") == "required"
    bound = binding.get("valueSetReference", {}).get("reference", "") if required else ""
    return [Member(name, of, bound=bound, **about)]


@cache
def _definition(name: str) -> dict[str, Any]:
    file = _PROFILES / "base" / f"{name}.json"
    return json.loads(file.read_bytes()) if file.exists() else {}
