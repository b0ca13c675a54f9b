"""The patient is named only where documented: what stands in a path, a header or a User-Agent ends in logs."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from registry_sandbox.fhir.nhs_number import NHS_NUMBER_SYSTEM, patients_named
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, broken, kept, rule
from registry_sandbox.verdict.seen import Seen

_NUMBER = re.compile(r"(?<![0-9A-Za-z])([0-9]{3})[ -]?([0-9]{3})[ -]?([0-9]{4})(?![0-9A-Za-z])")
_SEARCHED = re.compile(re.escape(NHS_NUMBER_SYSTEM) + r"\|([0-9]{10})(?![0-9])")
_NOT_THE_CLIENTS = frozenset({"authorization", "x-sandbox-fault"})
_NAMING = frozenset({"search-type", "create", "update", "validate"})


@rule(
    "the patient is named only where documented (never in a path, header or User-Agent)",
    "must",
    ("6-patient-only-there", "4-patient", "6-one-patient"),
    to_exercise="let the client search for a patient, or register",
)
def the_patient_is_named_only_where_documented(client: Conversation) -> Iterator[Observation]:
    """Find NHS numbers of patients in paths and headers."""
    patients = client.evidence.patients | frozenset(_named(client))
    for seen in client.exchanges:
        # An id that the registry has given may have any digits.
        where = next(_places(seen, patients, in_path=seen.appointment not in client.evidence.versions), "")
        if where:
            yield broken(f"A patient's NHS number stands in {where}; expected it in a search or a body alone.", seen)
        elif seen.interaction in _NAMING:
            yield kept(seen)


def _named(client: Conversation) -> Iterator[str]:
    """Return the patients that the client itself names where it may."""
    for seen in client.of("search-type"):
        yield from _SEARCHED.findall(unquote_plus(seen.exchange.request.query))
        yield from _SEARCHED.findall(unquote_plus(seen.exchange.request.body.decode("ascii", "replace")))
    for seen in client.of("create"):
        yield from patients_named(seen.sent or {})


def _places(seen: Seen, patients: frozenset[str], *, in_path: bool) -> Iterator[str]:
    request = seen.exchange.request
    if in_path and _names(unquote(request.path, errors="replace"), patients):
        yield "the path"
    for name, value in request.headers.items():
        if name.lower() not in _NOT_THE_CLIENTS and _names(unquote(value, errors="replace"), patients):
            yield f"the header {name[:60]}"


def _names(text: str, patients: frozenset[str]) -> bool:
    return any("".join(found) in patients for found in _NUMBER.findall(text))
