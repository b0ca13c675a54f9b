"""Appointments for the benchmark, made by number: always the same ones, as many as are wanted.

The first belong to patients who have a known count of them, for the searches; after these every third begins a new
patient. All numbers are of the range that is never issued to anybody.
"""

from datetime import UTC, datetime
from typing import Any

from registry_sandbox.registry.store import Registry

SIX = "9990000006"
"""The patient with six appointments."""

HUNDRED = "9990000100"
"""The patient with a hundred."""

SPECIAL = 106
"""As many appointments have the two patients above."""

PER_PATIENT = 3
REGISTERED = datetime(2026, 1, 1, tzinfo=UTC)
NHS_NUMBERS = "https://fhir.nhs.uk/Id/nhs-number"
_PROFILE = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"


def logical_id(number: int) -> str:
    """Return the id of an appointment."""
    return f"5b0e0000-0000-4000-8000-{number:012d}"


def patient(number: int) -> str:
    """Return the NHS number of the patient of an appointment."""
    if number < SPECIAL:
        return SIX if number < SPECIAL - 100 else HUNDRED
    return f"999{1_000_000 + number // PER_PATIENT:07d}"


def appointment(number: int, status: str = "booked") -> dict[str, Any]:
    """Return an appointment as a client registers it, without an id."""
    minute = number % 60
    return {
        "resourceType": "Appointment",
        "meta": {"profile": [_PROFILE]},
        "identifier": [
            {"system": "urn:ietf:rfc:3986", "value": f"https://provider.example/STU3/Appointment/{number:09d}"}
        ],
        "status": status,
        "start": f"2099-06-01T09:{minute:02d}:00.000+00:00",
        "end": f"2099-06-01T10:{minute:02d}:00.000+00:00",
        "created": "2026-01-01T08:00:00.000+00:00",
        "participant": [
            {
                "actor": {
                    "identifier": {"use": "official", "system": NHS_NUMBERS, "value": patient(number)},
                    "display": "Benchmark, Patient (Mx)",
                },
                "status": "accepted",
            }
        ],
    }


def fill(registry: Registry, count: int) -> None:
    """Store so many of them."""
    for number in range(count):
        registry.create(appointment(number), logical_id=logical_id(number), at=REGISTERED)


def as_xml(resource: dict[str, Any]) -> bytes:
    """Write one of these as XML."""
    return f'<Appointment xmlns="http://hl7.org/fhir">{_members(resource)}</Appointment>'.encode()


def _members(members: dict[str, Any]) -> str:
    parts = []
    # `id` stands first in XML, wherever it stands here.
    for name, value in sorted(members.items(), key=lambda member: member[0] != "id"):
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                parts.append(f"<{name}>{_members(each)}</{name}>")
            elif name != "resourceType":
                parts.append(f'<{name} value="{each}"/>')
    return "".join(parts)
