"""Who registers an appointment does not choose its id.

Source: registry pages, Register an appointment; FHIR STU3, RESTful API, create.
"""

from collections.abc import Iterator

from sandbox.finding import Finding
from sandbox.rules import Case, rule


@rule("create")
def a_client_assigns_no_id(case: Case) -> Iterator[Finding]:
    """Refuse a resource that comes with an id."""
    if "id" in case.proposed:
        yield Finding(
            "business-rule",
            f"Appointment.id is '{case.proposed['id']}'; expected none, since the registry assigns it.",
            "/f:Appointment/f:id",
            spine_code="MSG_RESOURCE_ID_FAIL",
        )
