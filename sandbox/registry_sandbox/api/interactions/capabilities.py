"""capabilities: what this server really does, generated from what the interactions declare.

Source: FHIR STU3, RESTful API, capabilities; CapabilityStatement.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from registry_sandbox import RELEASED, __version__
from registry_sandbox.api.interactions import declared
from registry_sandbox.api.routing import interaction
from registry_sandbox.fhir.resource import Format, Resource, Write
from registry_sandbox.http.base_url import root_of
from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.query import PATIENT_PARAMETERS, require_no_parameters
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.validation.profiles import CARECONNECT_APPOINTMENT, Profiles

_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY_SERVICES = "http://hl7.org/fhir/restful-security-service"
_OPERATIONS = {"validate": "http://hl7.org/fhir/OperationDefinition/Resource-validate"}
_ALWAYS = "on every request but this one; anything wrong with it is a 403."
_TOKENS = {
    "registry": f"Authorization: Bearer <JWT> {_ALWAYS}",
    "spine": f"Authorization: Bearer <unsigned JWT of the consumer's own making> {_ALWAYS}",
    "any": f"Authorization: Bearer <JWT of the token endpoint, or an unsigned one of the consumer's making> {_ALWAYS}",
    "off": "No token is judged: this sandbox was started with --auth off.",
}
_IGNORED = ("_summary", "_elements", "_pretty", "mode=full")
"""Parameters that change nothing: the .NET and Swift clients begin with `metadata?_summary=true`."""


@interaction("capabilities", "GET", "metadata", ssp_id="read:metadata", needs_token=False)
def capabilities(request: Request, service: RegistryService) -> Response:
    """Answer with the CapabilityStatement."""
    require_no_parameters(request, ignored=_IGNORED)
    return Response(request.declared.success, Statement(request.base, _urls_of(service.profiles), service.tokens))


@lru_cache(maxsize=64)
def _urls_of(profiles: Profiles) -> tuple[str, ...]:
    return tuple(url for url, _ in profiles.listing())


@dataclass(frozen=True, slots=True)
class Statement:
    """The CapabilityStatement of the server at a base, encoded once for all who come to it."""

    base: str
    profiles: tuple[str, ...]
    tokens: str

    @property
    def large(self) -> bool:
        """Never."""
        return False

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Return the bytes of the statement."""
        return _encoded(self, wanted, write)


@lru_cache(maxsize=64)
def _encoded(statement: Statement, wanted: Format, write: Write) -> bytes:
    return write(_written(statement), wanted)


def _written(statement: Statement) -> Resource:
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{statement.base}/metadata",
        "version": __version__,
        "name": "Appointment Registry Sandbox",
        "status": "active",
        "experimental": True,
        "date": RELEASED,
        "description": "A sandbox of the NHS Appointment Registry. It holds synthetic patients only.",
        "kind": "instance",
        "software": {"name": "appointment-registry-sandbox", "version": __version__},
        "implementation": {"description": "Appointment Registry Sandbox", "url": statement.base},
        "fhirVersion": "3.0.1",
        "acceptUnknown": "extensions",
        "format": ["application/fhir+xml", "application/fhir+json", "xml", "json"],
        "profile": [{"reference": url} for url in statement.profiles],
        "rest": [_rest(statement, declared())],
    }


def _rest(statement: Statement, interactions: Iterable[Interaction]) -> Resource:
    everything = list(interactions)
    types = dict.fromkeys(each.path.partition("/")[0] for each in everything if each.path != "metadata")
    operations = sorted({each.code for each in everything if each.code in _OPERATIONS})
    return {
        "mode": "server",
        "security": _security(statement),
        "resource": [_resource(name, everything) for name in types],
        "operation": [{"name": code, "definition": {"reference": _OPERATIONS[code]}} for code in operations],
    }


def _security(statement: Statement) -> Resource:
    described: Resource = {"cors": True, "description": _TOKENS[statement.tokens]}
    if statement.tokens not in ("registry", "any"):
        return described
    token = {"url": "token", "valueUri": f"{root_of(statement.base)}/oauth2/token"}
    service = {"system": _SECURITY_SERVICES, "code": "OAuth", "display": "OAuth"}
    uris = {"url": _OAUTH_URIS, "extension": [token]}
    return {"extension": [uris], **described, "service": [{"coding": [service]}]}


def _resource(name: str, interactions: list[Interaction]) -> Resource:
    of_type = (each.code for each in interactions if each.path.partition("/")[0] == name)
    codes = [code for code in dict.fromkeys(of_type) if code not in _OPERATIONS]
    described: Resource = {"type": name, "interaction": [{"code": code} for code in codes]}
    if name == "Appointment":
        described |= _APPOINTMENT
    else:
        described |= {"searchParam": [{"name": "url", "type": "uri"}]}
    return described


_APPOINTMENT: Resource = {
    "profile": {"reference": CARECONNECT_APPOINTMENT},
    "versioning": "versioned-update",
    "readHistory": True,
    "updateCreate": False,
    "conditionalCreate": False,
    "conditionalRead": "full-support",
    "conditionalUpdate": False,
    "conditionalDelete": "not-supported",
    "searchParam": [
        {"name": each.name, "type": each.type, "documentation": "The patient: system|NHS number."}
        for each in PATIENT_PARAMETERS
    ],
}
