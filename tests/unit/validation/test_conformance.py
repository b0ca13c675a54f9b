"""Definitions from files, folders and packages, in both formats."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from registry_sandbox.validation.conformance import UnusableDefinition, definitions_at
from registry_sandbox.validation.profiles import Profiles

URL = "http://x.test/StructureDefinition/mine"
MINE: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": URL,
    "name": "mine",
    "status": "draft",
    "kind": "resource",
    "abstract": False,
    "type": "Appointment",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Appointment",
    "derivation": "constraint",
    "differential": {"element": [{"path": "Appointment.priority", "min": 1}]},
}
AS_XML = """<?xml version="1.0" encoding="UTF-8"?>
<StructureDefinition xmlns="http://hl7.org/fhir">
  <url value="http://x.test/StructureDefinition/mine"/><name value="mine"/><status value="draft"/>
  <kind value="resource"/><abstract value="false"/><type value="Appointment"/>
  <baseDefinition value="http://hl7.org/fhir/StructureDefinition/Appointment"/><derivation value="constraint"/>
  <differential><element><path value="Appointment.priority"/><min value="1"/></element></differential>
</StructureDefinition>
"""


def written(place: Path, content: object) -> Path:
    """Write a file, as JSON unless it is text or bytes already."""
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return place


def package(place: Path, members: dict[str, object]) -> Path:
    """Write a FHIR package."""
    with tarfile.open(place, "w:gz") as archive:
        for name, content in members.items():
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return place


def asks_for_priority(place: Path) -> bool:
    """Return whether the profile at a place is loaded and used."""
    resource = {"resourceType": "Appointment", "meta": {"profile": [URL]}}
    return any("Appointment.priority is missing" in each.message for each in Profiles.load([place]).validate(resource))


@pytest.mark.parametrize(
    "content", [MINE, AS_XML, b"\xef\xbb\xbf" + json.dumps(MINE).encode()], ids=["json", "xml", "bom"]
)
def test_a_file_in_either_format_is_loaded(tmp_path: Path, content: object) -> None:
    """JSON, XML, and JSON as some tools write it, with a byte order mark."""
    assert asks_for_priority(written(tmp_path / "mine", content))


def test_a_folder_is_searched_for_definitions(tmp_path: Path) -> None:
    """Other resources and other files are passed over."""
    written(tmp_path / "deep" / "mine.xml", AS_XML)
    written(tmp_path / "patient.json", {"resourceType": "Patient"})
    written(tmp_path / "patient.xml", '<Patient xmlns="http://hl7.org/fhir"/>')
    written(tmp_path / "notes.txt", "StructureDefinition")
    assert asks_for_priority(tmp_path)


def test_a_bundle_is_taken_apart(tmp_path: Path) -> None:
    """HL7 publishes its definitions in Bundles."""
    entries = [{"resource": {"resourceType": "Patient"}}, {"resource": MINE}]
    assert asks_for_priority(written(tmp_path / "b.json", {"resourceType": "Bundle", "entry": entries}))


def test_a_package_is_read_without_unpacking(tmp_path: Path) -> None:
    """What stands directly in package/ counts; its index, its examples and names that climb out do not."""
    place = package(
        tmp_path / "mine.tgz",
        {
            "package/package.json": {"name": "mine"},
            "package/.index.json": {"files": []},
            "package/StructureDefinition-mine.json": MINE,
            "package/example/StructureDefinition-other.json": {**MINE, "url": 1},
            "../../StructureDefinition-out.json": {**MINE, "url": 1},
        },
    )
    assert asks_for_priority(place)
    assert [found.file for found in definitions_at(place)] == [f"{place}!package/StructureDefinition-mine.json"]


@pytest.mark.parametrize(
    ("name", "content", "element", "why"),
    [
        ("a.json", "{", "", "JSON"),
        ("a.json", "[]", "", "no resource"),
        ("a.json", {"resourceType": "Patient"}, "", "holds Patient: expected CodeSystem or StructureDefinition or"),
        ("a.xml", "<StructureDefinition", "", "not well-formed"),
        ("a.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "", "DOCTYPE"),
        (
            "a.xml",
            AS_XML.replace("derivation", "derived"),
            "",
            "derived is no element that",
        ),
        ("a.json", {**MINE, "differential": {"element": {}}}, "StructureDefinition.differential.element", "array"),
        ("a.json", {**MINE, "typo": 1}, "StructureDefinition", "typo"),
        ("a.json", {name: MINE[name] for name in MINE if name != "url"}, "StructureDefinition.url", "is missing"),
        ("a.json", {**MINE, "differential": {"element": [{"min": 1}]}}, "ElementDefinition.path", "begins with"),
        ("a.tgz", b"no archive", "", "package"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, name: str, content: object, element: str, why: str) -> None:
    """One line that names the file, the element in it, and what is wrong."""
    place = written(tmp_path / name, content)
    with pytest.raises(UnusableDefinition) as refused:
        Profiles.load([place])
    assert refused.value.file == str(place)
    assert element in refused.value.element
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_place_that_is_not_there_is_named(tmp_path: Path) -> None:
    """So is a file that cannot be opened."""
    with pytest.raises(UnusableDefinition, match=r"gone\.json: cannot be read: No such file"):
        Profiles.load([tmp_path / "gone.json"])
