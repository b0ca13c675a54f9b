"""The one update that there is cancels an entry that is not cancelled yet.

Source: Cancel a registered appointment. `entered-in-error` stands in the tables, but the page says cancelled: a
setting accepts it.
"""

from collections.abc import Iterator

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.rules import Case, rule


@rule("update")
def an_update_cancels(case: Case) -> Iterator[Finding]:
    """Refuse any other status than cancelled, and any change of an entry that has ended already."""
    stored, sent = case.current.get("status"), case.proposed.get("status")
    expected = ["cancelled", "entered-in-error"] if case.strictness.allow_entered_in_error else ["cancelled"]
    where = "/f:Appointment/f:status"
    if stored != "booked" and stored == sent:
        yield Finding("business-rule", f"The entry is {stored} already; there is nothing to change.", where)
    elif stored != "booked":
        yield Finding("business-rule", f"The entry is {stored}, sent '{sent}'; an ended entry is not re-opened.", where)
    elif sent not in expected:
        wanted = " or ".join(f"'{each}'" for each in expected)
        yield Finding("business-rule", f"Appointment.status is '{sent}'; expected {wanted}.", where)
