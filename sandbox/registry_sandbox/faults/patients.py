"""The patients of an exchange: from the stored appointment, the query, or the body if it can be read."""

import re
from urllib.parse import unquote

from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.match import WITH_ID, WITH_PATIENT
from registry_sandbox.fhir.nhs_number import patients_named
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.query import parameters, require_patient
from registry_sandbox.http.request import Request
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.store import Registry
from registry_sandbox.registry.version import Version

_ESCAPE = {"json": b"\\u00", "xml": b"&#", "form": b"%3"}
_ESCAPED_DIGIT = re.compile(r"%3[0-9]")


def may_concern(request: Request, registry: Registry, engine: FaultEngine) -> bool:
    """Return False if it is certain, without reading the body, that no rule names a patient of this exchange."""
    stored = _stored(request, registry)
    if stored is not None:
        return not engine.patients.isdisjoint(stored.patients)
    names_any = request.query or request.body
    return bool(names_any) and request.interaction in WITH_PATIENT and _may_name(request, engine.patient_prefix)


async def patients_of(request: Request, service: RegistryService, prefix: str = "") -> tuple[str, ...]:
    """Return the NHS numbers of an exchange.

    Args:
        request: its interaction and id are known already.
        service: reads the body, and has the registry.
        prefix: what the numbers of interest begin with. A query or body without it is not read.
    """
    stored = _stored(request, service.registry)
    if stored is not None:
        return stored.patients
    if request.interaction == "search-type":
        return _of_query(request) if _may_name(request, prefix) else ()
    if request.declared.body == "resource" and _may_name(request, prefix):
        return await _of_body(request, service)
    return ()


def _stored(request: Request, registry: Registry) -> Version | None:
    return registry.latest(request.logical_id) if request.declared.code in WITH_ID else None


def _may_name(request: Request, prefix: str) -> bool:
    query, body = request.query, request.body
    # Digits may be written as escapes: then the only way to know is to read.
    escape = _ESCAPE["form" if request.declared.body == "form" else request.body_format]
    if body and (prefix.encode() in body or (escape[:1] in body and escape in body)):  # one byte is found at once
        return True
    if not query:
        return False
    return prefix in query or (_ESCAPED_DIGIT.search(query) is not None and prefix in unquote(query))


def _of_query(request: Request) -> tuple[str, ...]:
    try:
        sent = parameters(request.query)
        if request.declared.body == "form":
            sent += parameters(request.body.decode("ascii", "replace").strip())
        return (require_patient(sent, check_digit=False).nhs_number,)
    except SandboxError:
        return ()


async def _of_body(request: Request, service: RegistryService) -> tuple[str, ...]:
    try:
        reading = await service.read(request)
    except SandboxError:
        return ()
    return patients_named(reading.resource)
