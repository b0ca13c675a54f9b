"""NHS numbers: ten digits, the last of which checks the others."""

import pytest

from registry_sandbox.fhir.nhs_number import check_digit_holds, is_well_formed, patients_named


@pytest.mark.parametrize("text", ["999100001", "99910000111", "999100001x", "９991000011", "9991000011\n", ""])  # noqa: RUF001
def test_ten_ascii_digits_are_expected(text: str) -> None:
    """No more, no fewer, no others."""
    assert not is_well_formed(text)


@pytest.mark.parametrize(
    ("nhs_number", "holds"),
    [("9991000011", True), ("9991000038", True), ("9991000012", False), ("1234567890", False), ("9991000020", False)],
)
def test_the_check_digit_is_modulus_11(nhs_number: str, holds: bool) -> None:  # noqa: FBT001
    """Where the remainder would want ten, there is no such number."""
    assert check_digit_holds(nhs_number) is holds


def test_a_patient_is_found_by_identifier_and_by_reference() -> None:
    """Each number once."""
    actor = {
        "reference": "https://demographics.spineservices.nhs.uk/9991000011",
        "identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9991000011"},
    }
    assert patients_named({"participant": [{"actor": actor}, {"actor": {}}, {}]}) == ("9991000011",)
