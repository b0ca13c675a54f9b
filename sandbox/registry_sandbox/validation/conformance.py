"""The conformance resources that a place on disk holds: a file, a folder, or a FHIR package.

Source: https://hl7.org/fhir/STU3/conformance-module.html; https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

import json as quick_json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from registry_sandbox import shipped
from registry_sandbox.fhir import json, structure, xml
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.reading.json_reader import JsonReader
from registry_sandbox.reading.narratives import Narratives
from registry_sandbox.reading.problems import Problems
from registry_sandbox.reading.xml_reader import XmlReader

CONFORMANCE_TYPES = frozenset({"StructureDefinition", "ValueSet", "CodeSystem"})
MAX_FILE_BYTES = 64 * 1024 * 1024


class UnusableDefinition(Exception):
    """A definition cannot be used: which file, which element of it, and why."""

    def __init__(self, file: str, element: str, why: str) -> None:
        self.file, self.element, self.why = file, element, why
        super().__init__(": ".join(part for part in (file, element, why) if part))


@dataclass(frozen=True, slots=True)
class Definition:
    """A conformance resource, and the file it came from (inside a package: `package.tgz!package/file.json`)."""

    resource: Resource
    file: str

    @property
    def url(self) -> str:
        """The canonical URL."""
        return str(self.resource["url"])


def shipped_definitions(folders: tuple[str, ...]) -> Iterator[Definition]:
    """Yield the definitions in these folders of profiles/, unchecked: a test reads each of them strictly."""
    for folder in folders:
        for file in sorted((shipped("profiles") / folder).glob("*.json")):
            yield Definition(quick_json.loads(file.read_bytes()), str(file))


def definitions_at(place: Path) -> Iterator[Definition]:
    """Yield every conformance resource at a place, and those inside Bundles.

    A folder and a package may hold other resources and other files, which are passed over; a file that is named must
    hold a definition.

    Raises:
        UnusableDefinition: the place does not exist, or a file there cannot be read as what it claims to be.
    """
    if place.is_dir():
        for file in sorted(place.rglob("*")):
            if file.suffix in {".json", ".xml"} and file.is_file():
                yield from _in_document(_bytes_of(file), str(file), named=False)
    elif place.name.endswith((".tgz", ".tar.gz")):
        yield from _in_package(place)
    else:
        yield from _in_document(_bytes_of(place), str(place), named=True)


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnusableDefinition(str(file), "", f"cannot be read: {error.strerror}") from error


def _in_package(place: Path) -> Iterator[Definition]:
    """Members are only read into memory, never unpacked, so that a name such as `../x` does no harm."""
    import tarfile  # few give a package, and every start would wait for it

    try:
        with tarfile.open(place, "r:gz") as package:
            for member in package:
                # Resources stand directly in package/; the folders below it hold examples and the package's own index.
                if not member.isfile() or not _is_resource_of_package(member.name):
                    continue
                if member.size > MAX_FILE_BYTES:
                    raise UnusableDefinition(f"{place}!{member.name}", "", f"is larger than {MAX_FILE_BYTES} bytes")
                opened = package.extractfile(member)
                if opened is not None:
                    yield from _in_document(opened.read(), f"{place}!{member.name}", named=False)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise UnusableDefinition(str(place), "", f"cannot be read as a FHIR package (.tgz): {error}") from error


def _is_resource_of_package(name: str) -> bool:
    parts = name.removeprefix("./").split("/")
    return (
        len(parts) == 2  # noqa: PLR2004 - the folder and the file
        and parts[0] == "package"
        and parts[1] not in {"package.json", ".index.json"}
        and parts[1].endswith((".json", ".xml"))
    )


def _in_document(document: bytes, file: str, *, named: bool) -> Iterator[Definition]:
    """Read what a document holds, each definition by itself: what else is in a Bundle is passed over."""
    body = document.removeprefix(b"\xef\xbb\xbf")
    held = _in_xml(body, file) if body.lstrip().startswith(b"<") else _in_json(body, file)
    if held.definitions or held.type == "Bundle":
        yield from (_definition(*each, file) for each in held.definitions)
    elif named:
        wanted = " or ".join(sorted(CONFORMANCE_TYPES))
        raise UnusableDefinition(
            file, "", f"holds {held.type or 'no resource'}: expected {wanted}, or a Bundle of them"
        )


class _Held(NamedTuple):
    """What a document holds: the type of its resource, and the definitions in it, each with what is wrong with it."""

    type: str | None
    definitions: list[tuple[Resource, Problems]]


def _in_json(body: bytes, file: str) -> _Held:
    try:
        root = json.parse(body)
    except json.NotJson as error:
        raise UnusableDefinition(file, "", str(error)) from error
    kind = root.get("resourceType") if isinstance(root, dict) else None
    entries = root.get("entry", []) if kind == "Bundle" else []
    held = [entry["resource"] for entry in entries if isinstance(entry, dict) and "resource" in entry]
    definitions = []
    for resource in filter(_is_definition, held if kind == "Bundle" else [root]):
        found = Problems()
        resource.pop("text", None)  # it may be broken, and is shown to nobody
        _lenient_json().read(resource, found)
        definitions.append((resource, found))
    return _Held(None if kind is None else str(kind), definitions)


def _is_definition(resource: Any) -> bool:
    return isinstance(resource, dict) and str(resource.get("resourceType")) in CONFORMANCE_TYPES


def _in_xml(body: bytes, file: str) -> _Held:
    try:
        root = xml.parse(body)
    except xml.NotXml as error:
        raise UnusableDefinition(file, "", str(error)) from error
    kind = etree.QName(root).localname
    held = root.iterfind("f:entry/f:resource/*", {"f": xml.NAMESPACE}) if kind == "Bundle" else [root]
    definitions = []
    for element in held:
        if element.tag in _TAGS:
            found = Problems()
            resource = _lenient_xml().read(element, found)
            resource.pop("text", None)
            definitions.append((resource, found))
    return _Held(kind, definitions)


def _definition(resource: Resource, found: Problems, file: str) -> Definition:
    """Take a resource as a definition, if nothing is wrong with it."""
    if found:
        raise UnusableDefinition(file, found[0].path(indices=True), found[0].told())
    if "url" not in resource:
        raise UnusableDefinition(
            file, f"{resource['resourceType']}.url", "is missing: a definition is known by its URL"
        )
    return Definition(resource, file)


_TAGS = frozenset(f"{{{xml.NAMESPACE}}}{name}" for name in CONFORMANCE_TYPES)


# Published definitions hold examples that are no values of their types: to refuse them would help nobody.


@cache
def _lenient_json() -> JsonReader:
    return JsonReader(*_facts(), lenient=True)


@cache
def _lenient_xml() -> XmlReader:
    return XmlReader(*_facts(), lenient=True)


def _facts() -> tuple[structure.Structure, Narratives]:
    folder = shipped("profiles")
    return structure.load(folder / "structure.json"), Narratives(folder / "narrative.xsd")
