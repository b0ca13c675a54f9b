"""Generates the type facts from the base definitions, for `make schema`.

They hold names, order, types and base maxima, but no minimums and no codes: the readers that are made of them decide
exactly what cannot be read (400); minimums, codes and all else are the profiles' (422).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from registry_sandbox import shipped
from registry_sandbox.fhir import structure
from registry_sandbox.fhir.structure import ABSTRACT, Element, Kind, Structure, Type

Definition = Mapping[str, Any]

_JSON_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-json-type"

SAMPLES = "SampledDataDataType"
"""The type of `SampledData.data`, which the definitions call a string: HL7's schema has a pattern for it."""


def main() -> None:
    """Write `structure.json` into the definitions' folder."""
    folder = shipped("profiles")
    (folder / "structure.json").write_text(generated(folder), encoding="utf-8", newline="\n")


def generated(folder: Path) -> str:
    """Return the type facts as they are written, from the definitions in the folder."""
    definitions = [json.loads(path.read_bytes()) for path in sorted((folder / "base").glob("*.json"))]
    names = json.loads((folder / "valuesets" / "resource-types.json").read_bytes())
    codes = {concept["code"] for include in names["compose"]["include"] for concept in include["concept"]}
    return structure.dumps(structure_of(definitions, codes))


def structure_of(definitions: list[Definition], resource_types: set[str]) -> Structure:
    """Return the facts of all the types that are defined, those of backbone elements after their owner's."""
    own = {each["type"]: each for each in definitions if each.get("derivation") != "constraint"}
    types = {each.name: each for name in own for each in _types_of(name, own)}
    types[SAMPLES] = Type(SAMPLES, "primitive-type", "string", ())
    return Structure(types, frozenset(resource_types - set(types) - ABSTRACT))


def _types_of(name: str, own: Mapping[str, Definition]) -> Iterator[Type]:
    definition = own[name]
    if definition["kind"] == "primitive-type":
        yield Type(name, "primitive-type", _json_type(name, own), ())
        return
    yield Type(name, definition["kind"], "", tuple(_elements(name, own)))
    paths = [each["path"] for each in _differential(definition)]
    for each in _differential(definition):
        if any(path.startswith(each["path"] + ".") for path in paths) and "." in each["path"]:
            kind: Kind = "complex-type"
            inherited = _elements(each["type"][0]["code"], own)
            yield Type(each["path"], kind, "", (*inherited, *_children(definition, each["path"])))


def _elements(name: str, own: Mapping[str, Definition]) -> Iterator[Element]:
    """Yield the elements of the base definition, then those of the definition itself."""
    definition = own[name]
    if "baseDefinition" in definition:
        yield from _elements(definition["baseDefinition"].rsplit("/", 1)[1], own)
    yield from _children(definition, name)


def _children(definition: Definition, parent: str) -> Iterator[Element]:
    paths = [each["path"] for each in _differential(definition)]
    for each in _differential(definition):
        above, _, name = each["path"].rpartition(".")
        if above != parent:
            continue
        many = each["max"] == "*"
        attribute = "xmlAttr" in each.get("representation", ())
        if name.endswith("[x]"):
            for code in dict.fromkeys(one["code"] for one in each["type"]):
                yield Element(name[:-3] + code[0].upper() + code[1:], code, many, name)
        elif any(path.startswith(each["path"] + ".") for path in paths):
            yield Element(name, each["path"], many)
        else:
            yield Element(name, _type_name(each), many, attribute=attribute)


def _type_name(element: Definition) -> str:
    if element["path"] == "SampledData.data":
        return SAMPLES
    if "contentReference" in element:
        return str(element["contentReference"]).removeprefix("#")
    return str(element["type"][0]["code"])


def _json_type(name: str, own: Mapping[str, Definition]) -> str:
    value = _differential(own[name])[-1]
    extensions = value["type"][0]["_code"]["extension"]
    return next(str(each["valueString"]) for each in extensions if each["url"] == _JSON_TYPE)


def _differential(definition: Definition) -> list[Definition]:
    return definition["differential"]["element"]  # type: ignore[no-any-return]  # a StructureDefinition, as JSON


if __name__ == "__main__":
    main()
