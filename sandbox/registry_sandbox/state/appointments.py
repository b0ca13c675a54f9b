"""The appointments of a state document: each version is read and validated as a seed is, and kept as it was.

Source: docs/state.md.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from registry_sandbox.fhir.datatypes import datetime_of
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.registry.service import RegistryService, recorded
from registry_sandbox.registry.store import Registry
from registry_sandbox.registry.version import Contents
from registry_sandbox.state.scanner import BadText, Scanner

_LOGICAL_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)


class BadAppointment(ValueError):
    """An appointment of a state cannot be used; the message names it, and what was expected."""


class AppointmentsReader:
    """Reads appointments into a registry of their own, one version after the other.

    Args:
        service: reads and validates; its registry is not touched.
        registry: an empty one.
    """

    def __init__(self, service: RegistryService, registry: Registry) -> None:
        self._service = service
        self._registry = registry

    def read(self, scanner: Scanner) -> Iterator[None]:
        """Scan the member `appointments`; every step is a version.

        Raises:
            BadAppointment, BadText: one cannot be used.
        """
        for at in scanner.elements():
            place, logical_id, number = f"appointments[{at}]", "", 0
            for name in scanner.members():
                if name != "versions":
                    raise BadText(f"{place}: '{name[:40]}' is not known; expected versions")
                for number in scanner.elements():
                    logical_id = self._version(scanner.value()[1], f"{place}.versions[{number}]", logical_id, number)
                    yield
            if not logical_id:
                raise BadAppointment(f"{place}: there is no version in it; expected at least one")

    @property
    def contents(self) -> Contents:
        """What was read."""
        return self._registry.share()

    def _version(self, text: str, place: str, logical_id: str, number: int) -> str:
        """Keep a version, and return its logical id; `number` is how many versions were before it."""
        resource = self._resource(text, place)
        found, meta = str(resource.get("id", "")), resource.get("meta", {})
        if not _LOGICAL_ID.fullmatch(found) or (logical_id and found != logical_id):
            raise BadAppointment(f"{place}.id: '{found[:80]}'; expected {logical_id or 'the id of an appointment'}")
        if meta.get("versionId") != str(number + 1):
            raise BadAppointment(f"{place}.meta.versionId: '{str(meta.get('versionId'))[:40]}'; expected {number + 1}")
        if number == 0 and found in self._registry:
            raise BadAppointment(f"{place}.id: '{found}' is taken by another appointment")
        self._store(resource, found, number, _instant(meta.get("lastUpdated", ""), place))
        return found

    def _resource(self, text: str, place: str) -> Resource:
        try:
            reading = self._service.codec.read(text.encode(), "json", ("Appointment",))
            self._service.require_conformance(reading)
        except SandboxError as error:
            raise BadAppointment(f"{place}: {error}") from error
        return recorded(reading.resource)

    def _store(self, resource: Resource, logical_id: str, number: int, at: datetime) -> None:
        if number == 0:
            self._registry.create(resource, logical_id=logical_id, at=at)
        else:
            self._registry.update(logical_id, resource, expected=number, at=at)


def _instant(text: str, place: str) -> datetime:
    try:
        at = datetime_of(text)
    except ValueError:
        raise BadAppointment(f"{place}.meta.lastUpdated: '{text[:40]}'; expected an instant") from None
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
