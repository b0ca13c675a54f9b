"""Variations of what is answered: the order of entries, the spelling of instants, a further issue.

Source: FHIR STU3, Bundle, Resource.meta, OperationOutcome; Search, 3.1.1.5 (without _sort there is no order).
"""

from collections.abc import Collection
from datetime import timedelta, timezone
from typing import Any, Final

from registry_sandbox.faults.variations import Draw, chosen, shuffled
from registry_sandbox.fhir.datatypes import datetime_of
from registry_sandbox.fhir.resource import Resource

ENTRY_ORDER: Final = "entry-order"
INSTANTS: Final = "instants"
ISSUES: Final = "issues"
NAMES: Final = (ENTRY_ORDER, INSTANTS, ISSUES)

_MANY_ENTRIES: Final = 1
_SPELLINGS: Final = ("Z", "fraction", "zone")


def varied(resource: Resource, wanted: Collection[str], draw: Draw) -> list[str]:
    """Change a resource in place, and return the names of the variations that changed anything."""
    changed = {
        ENTRY_ORDER: ENTRY_ORDER in wanted and _reorder(resource, draw),
        INSTANTS: INSTANTS in wanted and _respell(resource, draw),
        ISSUES: ISSUES in wanted and _add_issue(resource),
    }
    return [name for name, done in changed.items() if done]


def _reorder(resource: Resource, draw: Draw) -> bool:
    # A history has an order: newest first.
    if resource.get("type") != "searchset" or len(resource.get("entry", ())) <= _MANY_ENTRIES:
        return False
    resource["entry"] = shuffled(draw, ENTRY_ORDER, resource["entry"])
    return True


def _respell(resource: Resource, draw: Draw) -> bool:
    # Only instants that the registry itself has written: those of an appointment come back as they were sent.
    metas = [each["meta"] for each in _resources(resource) if "lastUpdated" in each.get("meta", {})]
    spelling = chosen(draw, INSTANTS, _SPELLINGS)
    for meta in metas:
        meta["lastUpdated"] = _spelled(meta["lastUpdated"], spelling)
    return bool(metas)


def _resources(resource: Resource) -> list[Resource]:
    return [resource, *(entry["resource"] for entry in resource.get("entry", ()) if "resource" in entry)]


def _spelled(written: str, spelling: str) -> str:
    moment = datetime_of(written)
    if spelling == "fraction":
        return moment.isoformat(timespec="microseconds")
    if spelling == "zone":
        return moment.astimezone(timezone(timedelta(hours=1))).isoformat(timespec="milliseconds")
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _add_issue(resource: Resource) -> bool:
    if resource["resourceType"] != "OperationOutcome":
        return False
    # The Spine's profile demands a coding of its own set in each issue: the one that is there fits.
    first: Resource = resource["issue"][0]
    details: dict[str, Any] = {"details": first["details"]} if "details" in first else {}
    diagnostics = "A further issue: clients must not rely on how many there are."
    further = {"severity": "information", "code": "informational", **details, "diagnostics": diagnostics}
    resource["issue"] = [*resource["issue"], further]
    return True
