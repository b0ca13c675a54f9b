"""What is written down in profiles/ is what FHIR STU3 says, and valid STU3 itself."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from registry_sandbox import shipped
from registry_sandbox.fhir import xml
from registry_sandbox.reading.codec import Codec

_PROFILES = shipped("profiles")
_SHIPPED = sorted(path for folder in ("base", "valuesets", "codes") for path in _PROFILES.glob(f"{folder}/*.json"))
_CODEC = Codec()
_TYPES = ("StructureDefinition", "ValueSet", "CodeSystem")

Definition = Mapping[str, Any]


@pytest.fixture(scope="module")
def official() -> Path:
    """The folder of the official definitions."""
    folder = os.environ.get("STU3_DEFINITIONS")
    if not folder:
        pytest.skip("STU3_DEFINITIONS names no folder of official definitions to compare with")
    return Path(folder)


@pytest.fixture(scope="module")
def official_schema(official: Path) -> etree.XMLSchema:
    """HL7's own schema."""
    return etree.XMLSchema(etree.parse(official / "stu3" / "xsd" / "fhir-single.xsd"))


@pytest.mark.parametrize("path", _SHIPPED, ids=lambda path: path.stem)
def test_each_definition_can_be_read(path: Path) -> None:
    """The sandbox reads its own definitions as it reads a client's body, and writes them in both formats."""
    resource = _CODEC.read(path.read_bytes(), "json", _TYPES).resource
    # Elsewhere files are named by type and id, since a code system and its value set share a name.
    assert path.stem in {resource["url"].rpartition("/")[2], f"{resource['resourceType']}-{resource['id']}"}
    assert _CODEC.read(_CODEC.write(resource, "xml"), "xml", _TYPES).resource == resource


def test_each_required_value_set_is_there() -> None:
    """A required binding can be validated, unless what it binds to is no list of codes."""
    bound = {
        element["binding"]["valueSetReference"]["reference"]
        for path in _PROFILES.glob("base/*.json")
        for element in _elements(json.loads(path.read_bytes()))
        if element.get("binding", {}).get("strength") == "required" and "valueSetReference" in element["binding"]
    }
    shipped = {json.loads(path.read_bytes())["url"] for path in _PROFILES.glob("valuesets/*.json")}
    assert bound == shipped


@pytest.mark.parametrize("path", _SHIPPED, ids=lambda path: path.stem)
def test_each_definition_is_valid_by_the_official_schema(path: Path, official_schema: etree.XMLSchema) -> None:
    """As HL7's schema for STU3 has it."""
    document = _CODEC.write(_CODEC.read(path.read_bytes(), "json", _TYPES).resource, "xml")
    assert official_schema.validate(xml.parse(document)), official_schema.error_log


def test_the_facts_are_the_official_ones(official: Path) -> None:
    """Element by element, in order: cardinality, types, bindings, flags, and invariants."""
    compared = 0
    for definition in _official_definitions(official):
        ours = json.loads((_PROFILES / "base" / f"{definition['name']}.json").read_bytes())
        if definition["name"] == "SimpleQuantity":  # its official elements are named as a slice of Quantity
            continue
        assert [_facts(each) for each in _elements(ours)] == [_facts(each) for each in _elements(definition)]
        compared += 1
    assert compared == 57


def test_no_prose_is_copied(official: Path) -> None:
    """The sentence of an invariant is ours, and there are no descriptions of elements."""
    theirs = {
        constraint["human"]
        for definition in _official_definitions(official)
        for element in definition["snapshot"]["element"]
        for constraint in element.get("constraint", ())
    }
    for path in _PROFILES.glob("base/*.json"):
        for element in _elements(json.loads(path.read_bytes())):
            assert not {"short", "definition", "comment", "requirements"} & set(element)
            assert not theirs & {constraint["human"] for constraint in element.get("constraint", ())}


@pytest.mark.parametrize("name", ["appointment-example", "appointment-example2doctors", "appointment-example-request"])
def test_the_official_examples_agree(official: Path, official_schema: etree.XMLSchema, name: str) -> None:
    """Both schemas accept them, and both formats of each are the same resource."""
    folder = official / "examples" / "official"
    as_xml = (folder / f"{name}.xml").read_bytes()
    as_json = (folder / f"{name}.json").read_bytes()
    resource = _CODEC.read(as_xml, "xml").resource
    assert _CODEC.read(as_json, "json").resource == resource
    assert official_schema.validate(xml.parse(_CODEC.write(resource, "xml"))), official_schema.error_log
    assert json.loads(_CODEC.write(resource, "json")) == json.loads(as_json)


def test_the_pages_own_samples_can_be_read(official: Path, official_schema: etree.XMLSchema) -> None:
    """The XML samples of the registry's pages."""
    samples = sorted((official / "examples" / "registry").glob("*.xml"))
    assert len(samples) == 4
    for path in samples:
        resource = _CODEC.read(path.read_bytes(), "xml", ("Appointment", "Bundle")).resource
        assert official_schema.validate(xml.parse(_CODEC.write(resource, "xml"))), official_schema.error_log


def _official_definitions(official: Path) -> Iterator[Definition]:
    folder = official / "stu3" / "definitions"
    for entry in json.loads((folder / "profiles-types.json").read_bytes())["entry"]:
        yield entry["resource"]
    for path in sorted(folder.glob("StructureDefinition-*.json")):
        yield json.loads(path.read_bytes())


def _elements(definition: Definition) -> list[Definition]:
    return definition["differential"]["element"]  # type: ignore[no-any-return]  # a StructureDefinition, as JSON


def _facts(element: Definition) -> tuple[object, ...]:
    inherited = ("dom-", "ele-")
    binding = element.get("binding", {})
    return (
        element["id"],
        element.get("min"),
        element.get("max"),
        [[each.get(key) for key in ("code", "profile", "targetProfile")] for each in element.get("type", ())],
        element.get("contentReference"),
        (binding.get("strength"), binding.get("valueSetUri"), binding.get("valueSetReference", {}).get("reference")),
        (bool(element.get("isModifier")), bool(element.get("isSummary")), element.get("representation")),
        [
            (each["key"], each["severity"], each["expression"])
            for each in element.get("constraint", ())
            if not each["key"].startswith(inherited)
        ],
    )
