"""An appointment at the provider is registered once, where the operator wants it so.

Source: our choice, off by default: the pages' own samples show one pointer under two ids.
"""

from collections.abc import Iterator

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.rules import Case, rule


@rule("create", where=lambda strictness: strictness.refuse_duplicates)
def a_pointer_is_registered_once(case: Case) -> Iterator[Finding]:
    """Refuse an identifier that another entry has already."""
    for at, identifier in enumerate(case.proposed.get("identifier", [])):
        value = identifier.get("value", "")
        if case.knows_pointer(value):
            yield Finding(
                "duplicate",
                f"The appointment '{value}' is registered already; expected each to be registered once.",
                f"/f:Appointment/f:identifier[{at + 1}]/f:value",
                spine_code="DUPLICATE_REJECTED",
            )
