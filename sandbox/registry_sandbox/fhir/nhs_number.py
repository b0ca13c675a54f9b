"""NHS numbers: their form, their check digit, and where an appointment has them.

Source: registry pages, Appointment; NHS Data Dictionary, NHS NUMBER (modulus 11).
"""

import re
from typing import Any

NHS_NUMBER_SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
NATIONAL_PATIENT_URL = "https://demographics.spineservices.nhs.uk/"

_TEN_DIGITS = re.compile(r"[0-9]{10}")


def is_well_formed(text: str) -> bool:
    """Return True if the text is ten ASCII digits."""
    return _TEN_DIGITS.fullmatch(text) is not None


def check_digit_holds(nhs_number: str) -> bool:
    """Return True if the tenth digit is the check digit of the first nine (modulus 11)."""
    digits = [int(digit) for digit in nhs_number]
    expected = 11 - sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return digits[9] == expected % 11 and expected != 10  # noqa: PLR2004 - ten means that no such number is issued


def patients_named(appointment: dict[str, Any]) -> tuple[str, ...]:
    """Return every NHS number by which a search finds the appointment, each once, in order."""
    identified, referenced = identified_and_referenced(appointment)
    return tuple(dict.fromkeys(identified + referenced))


def identified_and_referenced(appointment: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the NHS numbers in `actor.identifier`, and those in `actor.reference` as national URLs."""
    identified, referenced = [], []
    for participant in appointment.get("participant", ()):
        actor = participant.get("actor", {})
        identifier, reference = actor.get("identifier", {}), actor.get("reference", "")
        if identifier.get("system") == NHS_NUMBER_SYSTEM and "value" in identifier:
            identified.append(identifier["value"])
        if reference.startswith(NATIONAL_PATIENT_URL):
            referenced.append(reference.removeprefix(NATIONAL_PATIENT_URL))
    return identified, referenced
