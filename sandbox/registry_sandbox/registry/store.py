"""The registry: every version of every appointment, and compare-and-set.

No method awaits, so each is atomic on the event loop. Source: registry pages; FHIR STU3, versioning.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from registry_sandbox.fhir.datatypes import write_instant
from registry_sandbox.fhir.etag import entity_tag
from registry_sandbox.fhir.nhs_number import patients_named
from registry_sandbox.fhir.resource import Resource, Write
from registry_sandbox.http.errors import NoRecordFound, VersionConflict
from registry_sandbox.registry.version import Contents, History, Parse, Stored, Version

_OF_CONTENTS = ("_histories", "_ids_of_patient", "_pointers", "_shared", "_own_patients")


class Registry:
    """The appointments of one workspace.

    What is shared with others (`share`, `use`) is copied by the first write: the maps, never the versions.

    Args:
        write: encodes a resource.
        parse: decodes JSON that `write` encoded.

    Attributes:
        generation: how many times all appointments were replaced or removed.
    """

    def __init__(self, write: Write, parse: Parse) -> None:
        self._write = write
        self.parse = parse
        self.generation = 0
        self._set(Contents({}, {}, set()))

    def __len__(self) -> int:
        return len(self._histories)

    def __contains__(self, logical_id: str) -> bool:
        return logical_id in self._histories

    def ids(self) -> Iterable[str]:
        """Return the ids of all appointments."""
        return self._histories.keys()

    def clear(self) -> None:
        """Remove all appointments."""
        self._set(Contents({}, {}, set()))
        self.generation += 1

    def empty(self) -> "Registry":
        """Return another registry, without appointments."""
        return Registry(self._write, self.parse)

    def exchange_contents(self, other: "Registry") -> None:
        """Take the appointments of another registry, which takes these: in one step, however many there are."""
        for name in _OF_CONTENTS:
            mine = getattr(self, name)
            setattr(self, name, getattr(other, name))
            setattr(other, name, mine)
        self.generation += 1
        other.generation += 1

    def removing(self) -> Iterator[None]:
        """Remove the appointments one by one, a step for each: to free very many at once would take long."""
        if not self._shared:
            for each in (self._histories, self._ids_of_patient):
                while each:
                    each.popitem()
                    yield
            while self._pointers:
                self._pointers.pop()
                yield
        self.clear()

    def share(self) -> Contents:
        """Return the appointments as they are now. No later write changes what is returned."""
        self._shared = True
        return Contents(self._histories, self._ids_of_patient, self._pointers)

    def use(self, contents: Contents) -> None:
        """Hold these appointments instead of all others."""
        self._set(contents)
        self._shared = True
        self.generation += 1

    def take_over(self, contents: Contents) -> None:
        """Hold the same versions as `contents` wherever they are equal, so that equal ones are in memory once."""
        for logical_id, history in self._histories.items():
            other = contents.histories.get(logical_id, ())
            if [(each.last_updated, each.json) for each in history] == [
                (each.last_updated, each.json) for each in other
            ]:
                self._histories[logical_id] = other

    def _set(self, contents: Contents) -> None:
        self._histories, self._ids_of_patient, self._pointers = contents
        self._shared = False
        self._own_patients: set[str] | None = None  # whose ids are not shared; None where nothing was ever shared

    def _unshare(self) -> None:
        """Copy what is shared, before a write."""
        self._histories, self._pointers = dict(self._histories), set(self._pointers)
        self._ids_of_patient, self._own_patients = dict(self._ids_of_patient), set()
        self._shared = False

    def histories(self) -> Iterator[Sequence[Version]]:
        """Return the versions of each appointment, oldest first; the appointments in the order of registration."""
        return iter(self._histories.values())

    def current(self, logical_id: str) -> Version:
        """Return the current version.

        Raises:
            NoRecordFound: there is no appointment of that id.
        """
        history = self._histories.get(logical_id)
        if history is None:
            raise _unknown(logical_id)
        return history[-1]

    def latest(self, logical_id: str) -> Version | None:
        """Return the current version, or None if there is no appointment of that id."""
        history = self._histories.get(logical_id)
        return None if history is None else history[-1]

    def history(self, logical_id: str) -> Sequence[Version]:
        """Return all versions, oldest first.

        Raises:
            NoRecordFound: there is no appointment of that id.
        """
        history = self._histories.get(logical_id)
        if history is None:
            raise _unknown(logical_id)
        return history

    def version(self, logical_id: str, version_id: str) -> Version:
        """Return a version by its exact id: "01" is not "1".

        Raises:
            NoRecordFound: no such appointment, or no such version of it.
        """
        for version in self.history(logical_id):
            if version.version_id == version_id:
                return version
        known = len(self.history(logical_id))
        raise NoRecordFound(
            f"Appointment '{logical_id}' has no version '{version_id[:80]}'; it has the versions 1 to {known}."
        )

    def of_patient(self, nhs_number: str) -> list[Version]:
        """Return the current versions of a patient's appointments, in the order of registration."""
        histories = self._histories
        return [histories[logical_id][-1] for logical_id in self._ids_of_patient.get(nhs_number, ())]

    def knows_pointer(self, pointer: str) -> bool:
        """Return True if an appointment with this pointer is registered."""
        return pointer in self._pointers

    def create(self, resource: Resource, *, logical_id: str, at: datetime) -> Stored:
        """Store a new appointment as version 1, written at an instant (aware, to the millisecond).

        Raises:
            ValueError: the id is taken, which the caller has to rule out.
        """
        if logical_id in self._histories:
            raise ValueError(f"the id {logical_id} is taken")
        stored = self.encoded(resource, logical_id, 1, at)
        if self._shared:
            self._unshare()
        self._histories[logical_id] = (stored.version,)
        self._pointers.update(pointers_of(resource))
        self._index(stored.version)
        return stored

    def add(self, history: History) -> None:
        """Add an appointment with all its versions.

        Raises:
            ValueError: the id is taken, which the caller has to rule out.
        """
        logical_id = history.versions[0].logical_id
        if logical_id in self._histories:
            raise ValueError(f"the id {logical_id} is taken")
        if self._shared:
            self._unshare()
        self._histories[logical_id] = tuple(history.versions)
        self._pointers.update(history.pointers)
        for version in history.versions:
            self._index(version)

    def update(self, logical_id: str, resource: Resource, *, expected: int, at: datetime) -> Stored:
        """Store the next version, if `expected` is the current one: compare-and-set in one step.

        Raises:
            NoRecordFound: there is no appointment of that id.
            VersionConflict: somebody else wrote in between.
        """
        history = self.history(logical_id)
        current = history[-1]
        if current.number != expected:
            raise VersionConflict(f"The current version is {current.etag}, no longer {entity_tag(str(expected))}.")
        stored = self.encoded(resource, logical_id, expected + 1, at)
        if self._shared:
            self._unshare()
        self._histories[logical_id] = (*history, stored.version)
        self._index(stored.version)
        return stored

    def _index(self, version: Version) -> None:
        for nhs_number in version.patients:
            own = self._own_patients
            if own is not None and nhs_number not in own:
                own.add(nhs_number)
                self._ids_of_patient[nhs_number] = dict(self._ids_of_patient.get(nhs_number, ()))
            self._ids_of_patient.setdefault(nhs_number, {})[version.logical_id] = None

    def encoded(self, resource: Resource, logical_id: str, number: int, at: datetime) -> Stored:
        """Return a version without storing it; this may be called in a thread."""
        stamped = _stamped(resource, logical_id, {"versionId": str(number), "lastUpdated": write_instant(at)})
        json, end, patients = self._write(stamped, "json"), resource.get("end", ""), patients_named(resource)
        return Stored(Version(logical_id, number, at, json, end, patients, self.parse), stamped)


def _stamped(resource: Resource, logical_id: str, meta: dict[str, Any]) -> Resource:
    """Return the resource with the id and the `meta` that the server assigns."""
    if "meta" in resource:
        meta |= {name: value for name, value in resource["meta"].items() if name.lstrip("_") not in meta}
    stamped = {"resourceType": "Appointment", "id": logical_id, "meta": meta, **resource}
    stamped["id"], stamped["meta"] = logical_id, meta  # not what the client sent
    return stamped


def _unknown(logical_id: str) -> NoRecordFound:
    return NoRecordFound(f"There is no Appointment with the id '{logical_id[:80]}'.")


def pointers_of(resource: Resource) -> Iterable[str]:
    """Return the pointers of an entry: the values of its identifiers."""
    return [identifier["value"] for identifier in resource.get("identifier", []) if "value" in identifier]
