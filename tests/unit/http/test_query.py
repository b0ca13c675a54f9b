"""The query of a search: what is remembered of it gives what the whole way gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.query import PATIENT_PARAMETERS, PatientQuery, parameters, patient_asked, require_patient

SYSTEMS = ["https://fhir.nhs.uk/Id/nhs-number|", "https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C", "http://x.test|", ""]
SYSTEMS += ["https://demographics.spineservices.nhs.uk/", "https://fhir.nhs.uk/Id/nhs-number|9990001111,"]
NUMBERS = [
    "9990001111",
    "0000000000",
    "1111111111",
    "%39990001111",
    "%3990001111",
    "999000111",
    "99900011112",
    "٩990001111",
]
OTHERS = ["_format=json", "_format=0000000000", "x=1111111111", "_format=9990001111", ""]
PARTS = [f"{each.name}={system}{number}" for each in PATIENT_PARAMETERS for system in SYSTEMS for number in NUMBERS]


def answered(query: str, *, whole: bool, check_digit: bool) -> PatientQuery | str:
    """Return what a query comes to, or the refusal."""
    try:
        if whole:
            return require_patient(parameters(query), check_digit=check_digit)
        return patient_asked(query, check_digit=check_digit)
    except SandboxError as refusal:
        return repr((type(refusal), refusal.findings))


@given(
    parts=st.lists(st.sampled_from(PARTS) | st.sampled_from(OTHERS) | st.text(max_size=12), max_size=3),
    check_digit=st.booleans(),
)
def test_what_is_remembered_of_a_query_changes_no_answer(parts: list[str], check_digit: bool) -> None:  # noqa: FBT001
    """Whatever stands before the last ten digits, and wherever these belong."""
    query = "&".join(parts)
    assert answered(query, whole=False, check_digit=check_digit) == answered(query, whole=True, check_digit=check_digit)


@pytest.mark.parametrize("behind", OTHERS)
def test_every_spelling_alone_and_with_another(behind: str) -> None:
    """In front of another parameter, and behind it."""
    for part in PARTS:
        for query in (part, f"{part}&{behind}", f"{behind}&{part}"):
            assert answered(query, whole=False, check_digit=False) == answered(query, whole=True, check_digit=False)
