"""Makers of small profiles, and of OperationOutcomes to validate by them."""

from typing import Any

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.conformance import Definition, shipped_definitions
from registry_sandbox.validation.profiles import SHIPPED, Profiles

BASE = "http://hl7.org/fhir/StructureDefinition/"
URL = "http://x.test/StructureDefinition/mine"
SHIPPED_DEFINITIONS = list(shipped_definitions(SHIPPED))


def element(identity: str, **facts: Any) -> dict[str, Any]:
    """Make an ElementDefinition of a differential; its path is its id without the slice names."""
    path = ".".join(part.partition(":")[0] for part in identity.split("."))
    slice_name = identity.rsplit(".", 1)[-1].partition(":")[2]
    return {"id": identity, "path": path, **({"sliceName": slice_name} if slice_name else {}), **facts}


def definition(*elements: dict[str, Any], of: str = "OperationOutcome", url: str = URL, **facts: Any) -> Definition:
    """Make a profile of a type."""
    resource = {
        "resourceType": "StructureDefinition",
        "url": url,
        "name": "mine",
        "status": "draft",
        "kind": "complex-type" if of == "Extension" else "resource",
        "abstract": False,
        "type": of,
        "baseDefinition": BASE + of,
        "derivation": "constraint",
        "differential": {"element": list(elements)},
        **facts,
    }
    return Definition(resource, "mine.json")


def validated(resource: Resource, *profiles: Definition) -> list[Finding]:
    """Validate a resource by the first of the profiles; the others are loaded too."""
    return Profiles(SHIPPED_DEFINITIONS, profiles).validate(resource, [profiles[0].url])


def errors(resource: Resource, *profiles: Definition) -> list[tuple[str, str]]:
    """Return code and location of the errors."""
    return [(each.code, each.location) for each in validated(resource, *profiles) if each.severity == "error"]


def outcome(*issues: dict[str, Any], **members: Any) -> Resource:
    """Make an OperationOutcome; an issue says only what the test is about."""
    made = [{"severity": "error", "code": "invalid", **issue} for issue in issues or ({},)]
    return {"resourceType": "OperationOutcome", **members, "issue": made}


def coded(*codings: tuple[str, str]) -> dict[str, Any]:
    """Make issue details of these systems and codes."""
    return {"details": {"coding": [{"system": system, "code": code} for system, code in codings]}}


ISSUE = "/f:OperationOutcome/f:issue"
