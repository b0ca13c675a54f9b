"""vread: one version of one appointment, unchanged for ever.

Source: registry pages, Get a specific appointment; FHIR STU3, RESTful API, vread.
"""

from registry_sandbox.api.responses import read_answer
from registry_sandbox.api.routing import interaction
from registry_sandbox.http.exchange import Request, Response
from registry_sandbox.http.query import require_no_parameters
from registry_sandbox.registry.service import RegistryService


@interaction("vread", "GET", "Appointment/{id}/_history/{vid}")
def vread(request: Request, service: RegistryService) -> Response:
    """Answer with that version."""
    version = service.registry.version(request.logical_id, request.version_id)
    require_no_parameters(request)
    return read_answer(request, version)
