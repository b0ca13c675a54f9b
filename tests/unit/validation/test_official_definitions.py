"""Our definitions beside the official ones."""

import os
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from registry_sandbox.reading.codec import Codec
from registry_sandbox.validation.conformance import definitions_at
from registry_sandbox.validation.profiles import Profiles


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    """The shipped profiles."""
    return Profiles.load()


@pytest.fixture
def official() -> Path:
    """The folder of the official definitions; without it, the test is skipped."""
    if "STU3_DEFINITIONS" not in os.environ:
        pytest.skip("STU3_DEFINITIONS names no folder with the official definitions")
    return Path(os.environ["STU3_DEFINITIONS"])


def test_every_definition_that_is_served_is_valid_by_the_official_schema(profiles: Profiles, official: Path) -> None:
    """HL7's own schema accepts each StructureDefinition, ValueSet and CodeSystem, snapshots included."""
    schema, codec = etree.XMLSchema(etree.parse(official / "stu3" / "xsd" / "fhir-single.xsd")), Codec()
    for kind in ("StructureDefinition", "ValueSet", "CodeSystem"):
        for definition in profiles.search(kind, None):
            assert schema.validate(etree.fromstring(codec.write(definition, "xml"))), definition["url"]


COMPARED = ("min", "max", "contentReference", "fixedUri")


def facts(element: dict[str, Any]) -> dict[str, Any]:
    """Keep of an ElementDefinition what constrains."""
    types = [(t.get("code", ""), t.get("profile", ""), t.get("targetProfile", "")) for t in element.get("type", [])]
    binding = element.get("binding", {})
    bound = (binding.get("strength"), binding.get("valueSetReference", {}).get("reference", binding.get("valueSetUri")))
    return {**{key: element.get(key) for key in COMPARED}, "type": sorted(types), "binding": bound}


@pytest.mark.parametrize("extra", [False, True], ids=["ours", "official differentials"])
def test_our_snapshots_are_the_official_ones(official: Path, *, extra: bool) -> None:
    """What our differentials (or HL7's own) make along baseDefinition is what HL7 published as snapshots."""
    places = [official / "stu3" / "definitions", official / "careconnect", official / "spine"]
    profiles, compared = Profiles.load(places if extra else ()), 0
    for published in (found.resource for place in places for found in definitions_at(place)):
        if published["resourceType"] != "StructureDefinition" or published["url"].endswith("/SimpleQuantity"):
            continue
        (made,) = profiles.search("StructureDefinition", published["url"])
        ours = {each["id"].replace("value[x]:", ""): each for each in made["snapshot"]["element"]}
        for element in published["snapshot"]["element"]:
            # Published profiles repeat the children of their elements' types; ours leave those to the types.
            name = element["id"].partition(":value")[0]
            if name in ours:
                compared += 1
                assert facts(ours[name]) == facts(element), (published["url"], name)
    assert compared > 700
