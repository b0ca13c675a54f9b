"""vread: one version of one appointment, unchanged for ever.

Source: registry pages, Get a specific appointment; FHIR STU3, RESTful API, vread.
"""

from http import HTTPStatus

from registry_sandbox.api.responses import read_answer
from registry_sandbox.api.routing import interaction
from registry_sandbox.http.query import require_no_parameters
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.service import RegistryService


@interaction(
    "vread",
    "GET",
    "Appointment/{id}/_history/{vid}",
    statuses=(HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND),
    headers={"If-None-Match": False, "If-Modified-Since": False},
    ssp_id="read:appointment",
    patient_in="appointment",
)
def vread(request: Request, service: RegistryService) -> Response:
    """Answer with that version."""
    version = service.registry.version(request.logical_id, request.version_id)
    require_no_parameters(request)
    return read_answer(request, version)
