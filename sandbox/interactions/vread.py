"""vread: one version of one appointment, unchanged for ever.

Source: registry pages, Get a specific appointment; FHIR STU3, RESTful API, vread.
"""

from sandbox.answers import read_answer
from sandbox.exchange import Request, Response
from sandbox.query import require_no_parameters
from sandbox.registrar import Registrar
from sandbox.routing import interaction


@interaction("vread", "GET", "Appointment/{id}/_history/{vid}")
def vread(request: Request, registrar: Registrar) -> Response:
    """Answer with that version."""
    version = registrar.registry.version(request.logical_id, request.version_id)
    require_no_parameters(request)
    return read_answer(request, version)
