"""The conformance resources that a place on disk holds: a file, a folder, or a FHIR package.

Source: https://hl7.org/fhir/STU3/conformance-module.html; https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

import json as quick_json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from registry_sandbox.fhir import json, structure, tree, xml
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.fhir.shape import Shape
from registry_sandbox.validation.definitions import profiles_folder

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
    """Give the definitions of these folders of profiles/, which tests have read with care."""
    for folder in folders:
        for file in sorted((profiles_folder() / folder).glob("*.json")):
            yield Definition(quick_json.loads(file.read_bytes()), str(file))


def definitions_at(place: Path) -> Iterator[Definition]:
    """Give every conformance resource at a place, Bundles of them taken apart.

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
    resource = _parsed(document.removeprefix(b"\xef\xbb\xbf"), file, named=named)
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind == "Bundle":
        entries = resource.get("entry", [])
        held = [entry["resource"] for entry in entries if isinstance(entry, dict) and "resource" in entry]
        yield from (_definition(each, file) for each in held if _is_definition(each))
    elif _is_definition(resource):
        yield _definition(resource, file)
    elif named:
        wanted = " or ".join(sorted(CONFORMANCE_TYPES))
        raise UnusableDefinition(file, "", f"holds {kind or 'no resource'}: expected {wanted}, or a Bundle of them")


def _is_definition(resource: Any) -> bool:
    return isinstance(resource, dict) and str(resource.get("resourceType")) in CONFORMANCE_TYPES


def _parsed(document: bytes, file: str, *, named: bool) -> Any:
    try:
        if not document.lstrip().startswith(b"<"):
            return json.parse(document)
        root = xml.parse(document)
        if etree.QName(root).localname not in {*CONFORMANCE_TYPES, "Bundle"} and not named:
            return None  # another resource in the same folder
        # Published definitions hold examples that are no valid FHIR: the schema would refuse what harms nobody.
        return _reader().read(root)
    except KeyError as error:
        name = etree.QName(str(error.args[0])).localname
        raise UnusableDefinition(file, "", f"has an element {name} that FHIR STU3 does not know there") from error
    except (ValueError, etree.LxmlError) as error:
        raise UnusableDefinition(file, "", str(error)) from error


def _definition(resource: Resource, file: str) -> Definition:
    """Take a resource as a definition, if it has the shape of one; its narrative is none of ours."""
    plain = {name: value for name, value in resource.items() if name != "text"}
    for misfit in _shape().misfits(plain):
        raise UnusableDefinition(file, str(misfit.place), misfit.message)
    if "url" not in plain:
        raise UnusableDefinition(file, f"{plain['resourceType']}.url", "is missing: a definition is known by its URL")
    return Definition(plain, file)


@cache
def _facts() -> structure.Structure:
    return structure.load(profiles_folder() / "structure.json")


@cache
def _reader() -> tree.Reader:
    return tree.Reader(_facts())


@cache
def _shape() -> Shape:
    return Shape(_facts())
