"""The versions of an appointment: what is stored, and how it is encoded.

Source: FHIR STU3, versioning.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from registry_sandbox.fhir.etag import entity_tag
from registry_sandbox.fhir.resource import Format, Resource, Write

Parse = Callable[[bytes], Any]

_CACHED_BYTES_AT_MOST = 16_384
_LARGE_BYTES = 65_536


@dataclass(slots=True, eq=False)  # not frozen, because that is slower to make; it is never changed
class Version:
    """One version of one appointment, encoded once when it was stored.

    `end` is as it was sent, empty if there is none; such an appointment is never past.
    `patients` are the NHS numbers by which a search finds it.
    """

    logical_id: str
    number: int
    last_updated: datetime
    json: bytes
    end: str
    patients: tuple[str, ...]
    parse: Parse

    @property
    def large(self) -> bool:
        """Whether its XML takes long to make; its JSON is made already."""
        return len(self.json) > _LARGE_BYTES

    @property
    def version_id(self) -> str:
        """The version id: a decimal number, as a string."""
        return str(self.number)

    @property
    def etag(self) -> str:
        """The weak entity tag."""
        return entity_tag(self.version_id)

    def resource(self) -> Resource:
        """Return a copy of the resource."""
        resource: Resource = self.parse(self.json)
        return resource

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Return the bytes of the resource; XML is made when it is first asked for."""
        if wanted == "json":
            return self.json
        if len(self.json) > _CACHED_BYTES_AT_MOST:
            return write(self.resource(), "xml")
        return _xml_of(self, write)


def encoded(versions: Iterable[Version], wanted: Format, write: Write) -> list[bytes]:
    """Return the bytes of several versions."""
    if wanted == "json":
        return [each.json for each in versions]
    return [each.encode(wanted, write) for each in versions]


@lru_cache(maxsize=4_096)
def _xml_of(version: Version, write: Write) -> bytes:
    return write(version.resource(), "xml")


class Stored(NamedTuple):
    """A version that was just stored, with its resource, so that its XML can be made without parsing the JSON."""

    version: Version
    resource: Resource

    @property
    def large(self) -> bool:
        """Whether its XML takes long to make."""
        return self.version.large

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Return the bytes of the resource."""
        return self.version.json if wanted == "json" else write(self.resource, "xml")


@dataclass(frozen=True, slots=True)
class History:
    """All versions of an appointment, the oldest first, which were made somewhere else than in the registry."""

    versions: Sequence[Version]
    pointers: Iterable[str]


class Contents(NamedTuple):
    """All appointments at one moment, as several registries and snapshots share them: nobody changes them any more."""

    histories: dict[str, tuple[Version, ...]]
    ids_of_patient: dict[str, dict[str, None]]
    pointers: set[str]
