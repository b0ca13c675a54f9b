"""Who registers an appointment does not choose its id.

Source: registry pages, Register an appointment; FHIR STU3, RESTful API, create.
"""

from collections.abc import Iterator

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.rules import Case, rule


@rule("create")
def a_client_assigns_no_id(case: Case) -> Iterator[Finding]:
    """Refuse a resource that comes with an id."""
    # An id that has only extensions is an id too; in JSON they stand beside it, under another name.
    if "id" in case.proposed or "_id" in case.proposed:
        found = f"is '{case.proposed['id']}'" if "id" in case.proposed else "has no value but extensions"
        yield Finding(
            "business-rule",
            f"Appointment.id {found}; expected none, since the registry assigns it.",
            "/f:Appointment/f:id",
            spine_code="MSG_RESOURCE_ID_FAIL",
        )
