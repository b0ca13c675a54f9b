"""The query of a request: its parameters, strictly decoded, and the patient that a search names.

Source: registry pages, Search for appointments for a patient; FHIR STU3, Search, chained parameters.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import quote, unquote_to_bytes

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.nhs_number import NATIONAL_PATIENT_URL, NHS_NUMBER_SYSTEM, check_digit_holds, is_well_formed
from registry_sandbox.http.errors import InvalidIdentifierSystem, InvalidNhsNumber, InvalidParameter, SandboxError
from registry_sandbox.http.request import Request

Parameters = list[tuple[str, str]]

MOST_PARAMETERS = 100
"""How many parameters a query or a form may have."""

LONGEST_FORM = 65_536
"""How many characters a query or a form may have: they are decoded while all other requests wait."""


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A way to name the patient: `type` is FHIR's; a reference also takes the national URL."""

    name: str
    type: Literal["token", "reference"]

    def asking(self, value: str) -> str:
        """Return the part of a query that asks for this value, which ends with an NHS number."""
        return f"{_quoted(self.name, ':')}={_quoted(value[:-10], '')}{value[-10:]}"


@lru_cache(maxsize=64)
def _quoted(text: str, safe: str) -> str:
    return quote(text, safe=safe)


PATIENT_PARAMETERS = (
    SearchParameter("Appointment.participant.actor:Patient.identifier", "token"),
    SearchParameter("Appointment.participant.actor", "reference"),
    SearchParameter("Patient", "reference"),
    SearchParameter("patient.identifier", "token"),
    SearchParameter("actor:Patient.identifier", "token"),
)
"""The spellings of the registry's pages, none of them legal FHIR, and the two legal chains."""

_BY_NAME = {each.name: each for each in PATIENT_PARAMETERS}
_KNOWN = ", ".join(_BY_NAME)
_EXPECTED = f"expected {NHS_NUMBER_SYSTEM}|<10 digits>"


def parameters(text: str) -> Parameters:
    """Decode a query string, or a form.

    Raises:
        InvalidParameter: a name or value is not percent-encoded UTF-8, or there are too many, or they are too long.
    """
    if text.count("&") >= MOST_PARAMETERS:
        raise InvalidParameter(f"The query has more than {MOST_PARAMETERS} parameters; expected one patient.")
    if len(text) > LONGEST_FORM:
        raise InvalidParameter(
            f"The query has {len(text):,} characters; expected one patient, in {LONGEST_FORM:,} at most."
        )
    return [_decoded(*part.partition("=")[::2]) for part in text.split("&") if part]


def _decoded(name: str, value: str) -> tuple[str, str]:
    try:
        return _unquoted(name), _unquoted(value)
    except UnicodeDecodeError as error:
        raise InvalidParameter(
            f"Parameter '{name[:80]}' is not percent-encoded UTF-8.", location=f"http.{name[:80]}"
        ) from error


def _unquoted(text: str) -> str:
    if "%" not in text and "+" not in text and text.isascii():
        return text
    return unquote_to_bytes(text.replace("+", " ")).decode()


def require_no_parameters(request: Request, *, ignored: Collection[str] = ()) -> None:
    """Refuse every parameter except `_format`, which all interactions accept, and those in `ignored`.

    Args:
        request: the request with the query.
        ignored: names, or a name with the only value that is ignored (`mode=full`).

    Raises:
        InvalidParameter: with a finding for each that is not supported.
    """
    if not request.query:
        return
    passed = ("_format", *ignored)
    require_known(parameters(request.query), passed, f"none but {', '.join(passed)}")


def require_known(sent: Parameters, known: Collection[str], supported: str) -> None:
    """Refuse every parameter that is not known.

    Args:
        sent: the parameters.
        known: names, or a name with the only value that is known (`mode=full`).
        supported: what messages say is supported.

    Raises:
        InvalidParameter: with a finding for each that is not known.
    """
    unknown = [
        _unsupported(name, supported) for name, value in sent if not {name, f"{name}={value}"}.intersection(known)
    ]
    if unknown:
        raise InvalidParameter(findings=unknown)


def _unsupported(name: str, supported: str) -> Finding:
    return Finding(
        "invalid",
        f"Parameter '{name[:80]}' is not supported here; supported: {supported}.",
        f"http.{name[:80]}",
    )


@dataclass(frozen=True, slots=True)
class PatientQuery:
    """The patient of a search, and the query that asks for this patient and nothing else, for the self link."""

    nhs_number: str
    query: str


def patient_asked(query: str, *, check_digit: bool) -> PatientQuery:
    """Return the patient that the query of a search names.

    Most queries end with the ten digits, and what stands before them is the same for every patient: it is decoded once.

    Raises:
        As `require_patient`.
    """
    digits = query[-_DIGITS:]
    if not check_digit and len(query) <= _REMEMBERED_AT_MOST and is_well_formed(digits):
        asking = _asking(query[:-_DIGITS])
        if asking is not None:
            return PatientQuery(digits, asking + digits)
    return require_patient(parameters(query), check_digit=check_digit)


_DIGITS = 10
_REMEMBERED_AT_MOST = 300
_PROBES = ("0" * _DIGITS, "1" * _DIGITS)


@lru_cache(maxsize=64)
def _asking(before: str) -> str | None:
    """Return the self link's query without its ten digits; None if `before` and ten digits are no valid query."""
    if "%" in before[-2:]:  # the digits would be part of an escape
        return None
    try:
        first, second = (require_patient(parameters(before + probe), check_digit=False) for probe in _PROBES)
    except SandboxError:
        return None
    named = (first.nhs_number, second.nhs_number) == _PROBES
    return first.query[:-_DIGITS] if named else None


def require_patient(sent: Parameters, *, check_digit: bool) -> PatientQuery:
    """Return the patient that a search names.

    Raises:
        InvalidParameter: no parameter, an unknown one, or more than one value; with every other finding of the query.
        InvalidIdentifierSystem, InvalidNhsNumber: only the value is wrong.
    """
    unknown = [_unsupported(name, _KNOWN) for name, _ in sent if name not in _BY_NAME and name != "_format"]
    patients = [(name, value) for name, value in sent if name in _BY_NAME]
    if not unknown and len(patients) == 1:
        return _patient(*patients[0], check_digit=check_digit)
    errors = [_value_error(_BY_NAME[name], value, check_digit=check_digit) for name, value in patients]
    faults = [error for error in errors if error is not None]
    if len(patients) != 1:
        found = f"{len(patients)} values" if patients else "none"
        message = f"A search names one patient, found {found}; {_EXPECTED} in one of {_KNOWN}."
        unknown.append(Finding("invalid", message))
    raise InvalidParameter(findings=[*unknown, *_with_codes(faults)])


def _patient(name: str, value: str, *, check_digit: bool) -> PatientQuery:
    parameter = _BY_NAME[name]
    fault = _value_error(parameter, value, check_digit=check_digit)
    if fault is not None:
        raise fault
    return PatientQuery(_nhs_number(parameter, value), parameter.asking(value))


def _with_codes(faults: list[SandboxError]) -> Iterator[Finding]:
    for fault in faults:
        for each in fault.findings:
            yield Finding(each.code, each.message, each.location, spine_code=fault.spine_code)


def _nhs_number(parameter: SearchParameter, value: str) -> str:
    if parameter.type == "reference" and value.startswith(NATIONAL_PATIENT_URL):
        return value.removeprefix(NATIONAL_PATIENT_URL)
    return value.partition("|")[2]


def _value_error(parameter: SearchParameter, value: str, *, check_digit: bool) -> SandboxError | None:
    place = f"http.{parameter.name}"
    if "," in value:
        return InvalidParameter(f"{parameter.name} has several values; {_EXPECTED}, once.", location=place)
    national = parameter.type == "reference" and value.startswith(NATIONAL_PATIENT_URL)
    system, bar, _ = value.partition("|")
    if not national and (not bar or system != NHS_NUMBER_SYSTEM):
        found = f"the system '{system[:80]}'" if bar else "no system"
        return InvalidIdentifierSystem(f"{parameter.name} has {found}; {_EXPECTED}.", location=place)
    nhs_number = _nhs_number(parameter, value)
    if not is_well_formed(nhs_number):
        found = f"'{nhs_number[:40]}'"
        return InvalidNhsNumber(f"{parameter.name} names the patient {found}; expected ten digits.", location=place)
    if check_digit and not check_digit_holds(nhs_number):
        return InvalidNhsNumber(f"The check digit of '{nhs_number}' does not hold (modulus 11).", location=place)
    return None
