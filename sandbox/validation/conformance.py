"""The conformance resources that a place on disk holds: a file, a folder, or a FHIR package.

Source: https://hl7.org/fhir/STU3/conformance-module.html; https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.exchange import Resource

CONFORMANCE_TYPES = frozenset({"StructureDefinition", "ValueSet", "CodeSystem"})
MAX_FILE_BYTES = 64 * 1024 * 1024

ReadXml = Callable[[bytes], Resource]
"""Makes the resource of an XML document; raises an exception that says what is wrong with it."""


class UnusableDefinition(Exception):  # noqa: N818 - it says what happened, as the errors of this house do
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


def definitions_at(place: Path, read_xml: ReadXml) -> Iterator[Definition]:
    """Give every conformance resource at a place, Bundles of them taken apart.

    A folder and a package may hold other resources and other files, which are passed over; a file that is named must
    hold a definition.

    Raises:
        UnusableDefinition: the place does not exist, or a file there cannot be read as what it claims to be.
    """
    if place.is_dir():
        for file in sorted(place.rglob("*")):
            if file.suffix in {".json", ".xml"} and file.is_file():
                yield from _in_document(_bytes_of(file), str(file), read_xml, named=False)
    elif place.name.endswith((".tgz", ".tar.gz")):
        yield from _in_package(place, read_xml)
    else:
        yield from _in_document(_bytes_of(place), str(place), read_xml, named=True)


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnusableDefinition(str(file), "", f"cannot be read: {error.strerror}") from error


def _in_package(place: Path, read_xml: ReadXml) -> Iterator[Definition]:
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
                    yield from _in_document(opened.read(), f"{place}!{member.name}", read_xml, named=False)
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


def _in_document(document: bytes, file: str, read_xml: ReadXml, *, named: bool) -> Iterator[Definition]:
    resource = _resource_in(document, file, read_xml, named=named)
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind == "Bundle":
        for entry in resource.get("entry", []):
            contained = entry.get("resource")
            if isinstance(contained, dict) and contained.get("resourceType") in CONFORMANCE_TYPES:
                yield _definition(contained, file)
    elif kind in CONFORMANCE_TYPES:
        yield _definition(resource, file)
    elif named:
        wanted = ", ".join(sorted(CONFORMANCE_TYPES))
        raise UnusableDefinition(
            file, "", f"holds {kind or 'no resource'}; expected one of {wanted}, or a Bundle of them"
        )


def _resource_in(document: bytes, file: str, read_xml: ReadXml, *, named: bool) -> Any:
    try:
        if document.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            if not named and not any(kind.encode() in document for kind in (*CONFORMANCE_TYPES, "Bundle")):
                return None  # another resource in the same folder: not worth reading
            return read_xml(document)
        return json.loads(document.decode("utf-8-sig"))
    except UnusableDefinition:
        raise
    except Exception as error:
        # Whatever is wrong with a user's file, the start must stop with one line that names it.
        raise UnusableDefinition(file, "", f"cannot be read: {error}") from error


def _definition(resource: Resource, file: str) -> Definition:
    if not isinstance(resource.get("url"), str):
        raise UnusableDefinition(
            file, f"{resource['resourceType']}.url", "is missing; a definition is known by its URL"
        )
    return Definition(resource, file)
