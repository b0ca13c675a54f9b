"""Cancelling changes nothing but the status.

Source: Cancel a registered appointment, Failure. What counts as a change is our choice: not meta, which the server
owns, nor a generated narrative, which only repeats the data.
"""

from collections.abc import Iterator

from registry_sandbox.fhir.differences import differences
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.rules import Case, rule


@rule("update")
def cancelling_changes_only_the_status(case: Case) -> Iterator[Finding]:
    """Name each element that differs, with the stored and the sent value."""
    ignoring = dict.fromkeys(("meta", "status"))
    if _generated_or_absent(case.current) and _generated_or_absent(case.proposed):
        ignoring["text"] = None
    if case.current | ignoring == case.proposed | ignoring:  # as it mostly is
        return
    for difference in differences(case.current, case.proposed, ignoring=ignoring):
        yield Finding(
            "business-rule",
            f"{difference.path}: stored {difference.stored}, sent {difference.sent}; expected no change but of status.",
            difference.location,
        )


def _generated_or_absent(resource: Resource) -> bool:
    return "text" not in resource or bool(resource["text"].get("status", "generated") == "generated")
