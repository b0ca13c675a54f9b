"""A patient who is named by identifier and by reference is one patient.

Source: registry pages, the response tables (actor.reference beside actor.identifier); that they agree is our choice.
"""

from collections.abc import Iterator

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.nhs_number import identified_and_referenced
from registry_sandbox.rules import Case, rule


@rule("create")
def both_names_mean_one_patient(case: Case) -> Iterator[Finding]:
    """Refuse a national reference to another patient than the identifier's."""
    for at, participant in enumerate(case.proposed.get("participant", [])):
        if "reference" not in participant.get("actor", {}):
            continue
        one = {"participant": [participant]}
        for identified, referenced in zip(*identified_and_referenced(one), strict=False):
            if identified != referenced:
                yield Finding(
                    "business-rule",
                    f"actor.reference names patient {referenced}, actor.identifier {identified}; expected the same.",
                    f"/f:Appointment/f:participant[{at + 1}]/f:actor/f:reference",
                )
