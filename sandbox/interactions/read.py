"""read: the current version of one appointment.

Source: registry pages, Get a specific appointment; FHIR STU3, RESTful API, read.
"""

from sandbox.answers import read_answer
from sandbox.exchange import Request, Response
from sandbox.query import require_no_parameters
from sandbox.registrar import Registrar
from sandbox.routing import interaction


@interaction("read", "GET", "Appointment/{id}")
def read(request: Request, registrar: Registrar) -> Response:
    """Answer with the current version."""
    version = registrar.registry.current(request.logical_id)
    require_no_parameters(request)
    return read_answer(request, version)
