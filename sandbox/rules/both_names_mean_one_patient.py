"""A patient who is named by identifier and by reference is one patient.

Source: registry pages, the response tables (actor.reference beside actor.identifier); that they agree is our choice.
"""

from collections.abc import Iterator

from sandbox.fhir.nhs_number import identified_patients, is_well_formed, referenced_patients
from sandbox.finding import Finding
from sandbox.rules import Case, rule


@rule("create")
def both_names_mean_one_patient(case: Case) -> Iterator[Finding]:
    """Refuse a national reference to no NHS number, or to another than the identifier's."""
    for at, participant in enumerate(case.proposed.get("participant", [])):
        one = {"participant": [participant]}
        for referenced in referenced_patients(one):
            where = f"/f:Appointment/f:participant[{at + 1}]/f:actor/f:reference"
            expected = identified_patients(one)
            if not is_well_formed(referenced):
                yield Finding("business-rule", f"actor.reference ends in '{referenced}'; expected ten digits.", where)
            elif expected and referenced not in expected:
                message = f"actor.reference names the patient {referenced}, actor.identifier {expected[0]}"
                yield Finding("business-rule", f"{message}; expected the same.", where)
