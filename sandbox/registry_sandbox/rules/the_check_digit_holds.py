"""The tenth digit of an NHS number checks the nine before it, where the operator wants it checked.

Source: NHS Data Dictionary, NHS NUMBER; off by default, because the pages' own examples fail it.
"""

from collections.abc import Iterator

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.nhs_number import check_digit_holds, is_well_formed, patients_named
from registry_sandbox.rules import Case, rule


@rule("create", where=lambda strictness: strictness.check_digit)
def the_check_digit_holds(case: Case) -> Iterator[Finding]:
    """Refuse an NHS number whose check digit does not hold."""
    for at, participant in enumerate(case.proposed.get("participant", [])):
        for nhs_number in patients_named({"participant": [participant]}):
            if is_well_formed(nhs_number) and not check_digit_holds(nhs_number):
                yield Finding(
                    "business-rule",
                    f"The check digit of the NHS number {nhs_number} does not hold (modulus 11).",
                    f"/f:Appointment/f:participant[{at + 1}]/f:actor",
                )
