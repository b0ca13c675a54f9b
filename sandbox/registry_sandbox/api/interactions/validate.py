"""validate: the findings on a resource, with 200; nothing is stored.

Source: FHIR STU3, Appointment/$validate (the resource itself, or a Parameters resource that carries it).
"""

from registry_sandbox.api.routing import interaction
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.http.errors import InvalidParameter, NotReadable
from registry_sandbox.http.outcomes import validation
from registry_sandbox.http.query import parameters, require_known
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import GeneratedContent, Response
from registry_sandbox.reading.codec import Reading
from registry_sandbox.registry.service import RegistryService

_PARAMETERS = ("profile", "mode", "_format")


@interaction("validate", "POST", "Appointment/$validate", body="resource", patient_in="body")
async def validate(request: Request, service: RegistryService) -> Response:
    """Answer with an OperationOutcome of everything that the profiles say; with `mode=create`, the rules too."""
    asked, modes = _asked(request)
    reading = await service.read(request, ("Appointment", "Parameters"))
    found = reading.remarks()
    if reading.resource["resourceType"] == "Parameters":
        resource, wanted = _unwrapped(reading.resource)
        modes += _values(reading.resource, "mode", "valueCode")
        reading, asked = Reading(resource), [*asked, *wanted]
    found += await service.validate(request, reading, asked)
    if _require_known(modes):
        found += service.broken_rules("create", reading.resource)
    return Response(request.declared.success, GeneratedContent(validation(found)))


def _asked(request: Request) -> tuple[list[str], list[str]]:
    sent = parameters(request.query)
    require_known(sent, _PARAMETERS, ", ".join(_PARAMETERS))
    profiles, modes = ([value for name, value in sent if name == wanted] for wanted in ("profile", "mode"))
    return profiles, modes


def _require_known(modes: list[str]) -> list[str]:
    # An update is judged against the stored version, which $validate on the type does not know.
    for mode in modes:
        if mode != "create":
            raise InvalidParameter(f"mode is '{mode[:80]}'; supported: create, or none.", location="http.mode")
    return modes


def _unwrapped(wrapper: Resource) -> tuple[Resource, list[str]]:
    sent = wrapper.get("parameter", [])
    resources = [each["resource"] for each in sent if each.get("name") == "resource" and "resource" in each]
    if len(resources) != 1 or resources[0].get("resourceType") != "Appointment":
        raise NotReadable(
            "Parameters carries no single parameter 'resource' with an Appointment; expected exactly one.",
            location="/f:Parameters",
        )
    return resources[0], _values(wrapper, "profile", "valueUri")


def _values(wrapper: Resource, name: str, member: str) -> list[str]:
    sent = wrapper.get("parameter", [])
    return [each[member] for each in sent if each.get("name") == name and member in each]
