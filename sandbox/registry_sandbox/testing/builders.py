"""Builders of valid appointments: a test names only the element that it is about.

Source: Register an appointment, the elements that an entry must carry.
"""

import copy
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from registry_sandbox.fhir.nhs_number import NHS_NUMBER_SYSTEM

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us

Resource = dict[str, Any]

POINTER_SYSTEM = "urn:ietf:rfc:3986"
CARECONNECT_APPOINTMENT = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"
SYNTHETIC_PATIENT = "9990001111"
"""In the range 999, which is never issued; its check digit holds."""

_FIRST_DAY = datetime.fromisoformat("2031-05-06T09:30:00+00:00")
_LASTS = timedelta(minutes=10)
_BOOKED_BEFORE = timedelta(days=1)


def appointment(
    *,
    nhs_number: str = SYNTHETIC_PATIENT,
    pointer: str = "https://provider.example.test/appointments/4711",
    at: datetime = _FIRST_DAY,
    **elements: Any,
) -> Resource:
    """Return a valid Appointment to register.

    Args:
        nhs_number: of the patient.
        pointer: the URL of the real appointment at its provider.
        at: when it starts (aware); it lasts ten minutes and was booked a day before.
        elements: elements of the Appointment instead of those made here, such as `status="cancelled"`; None leaves
            an element out.
    """
    built: Resource = {
        "resourceType": "Appointment",
        "meta": {"profile": [CARECONNECT_APPOINTMENT]},
        "identifier": [{"system": POINTER_SYSTEM, "value": pointer}],
        "status": "booked",
        "start": _instant(at),
        "end": _instant(at + _LASTS),
        "created": _instant(at - _BOOKED_BEFORE),
        "participant": [patient(nhs_number)],
    }
    changed = {**built, **copy.deepcopy(elements)}
    return {name: value for name, value in changed.items() if value is not None}


def patient(nhs_number: str, *, display: str | None = None) -> Resource:
    """Return the one participant of an Appointment: a patient, named by NHS number."""
    identifier = {"use": "official", "system": NHS_NUMBER_SYSTEM, "value": nhs_number}
    actor = {"identifier": identifier, **({} if display is None else {"display": display})}
    return {"actor": actor, "status": "accepted"}


def cancelled(registered: Mapping[str, Any]) -> Resource:
    """Return what to PUT to cancel an appointment that was read: only the status differs."""
    return {**copy.deepcopy(dict(registered)), "status": "cancelled"}


def as_xml(resource: Mapping[str, Any]) -> bytes:
    """Write a resource as FHIR XML."""
    from registry_sandbox.reading.codec import shared_codec  # lxml, only where XML is wanted

    return shared_codec().write(dict(resource), "xml")


def _instant(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; an instant of FHIR needs one")
    return moment.isoformat(timespec="milliseconds")
