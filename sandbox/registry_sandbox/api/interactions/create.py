"""create: register an appointment.

Source: registry pages, Register an appointment; FHIR STU3, RESTful API, create.
"""

from collections.abc import Awaitable
from http import HTTPStatus

from registry_sandbox.api.responses import write_answer
from registry_sandbox.api.routing import interaction
from registry_sandbox.http.errors import InvalidHeader
from registry_sandbox.http.query import require_no_parameters
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.version import Stored


@interaction(
    "create",
    "POST",
    "Appointment",
    writes=True,
    body="resource",
    statuses=(HTTPStatus.CREATED, HTTPStatus.UNPROCESSABLE_ENTITY),
    headers={"Prefer": False},
    ssp_id="create:appointment",
    patient_in="body",
)
def create(request: Request, service: RegistryService) -> Response | Awaitable[Response]:
    """Store what was sent as version 1 of a new appointment, and answer 201."""
    require_no_parameters(request)
    _require_unconditional(request)

    def answer(stored: Stored) -> Response:
        return write_answer(request, stored, "RESOURCE_CREATED")

    return service.accept(request, answer)


def _require_unconditional(request: Request) -> None:
    # A client that asks for a conditional create counts on no duplicate: to ignore the header would make one.
    if "If-None-Exist" in request.headers:
        raise InvalidHeader(
            "If-None-Exist asks for a conditional create; expected none, since the registry has only plain ones.",
            location="http.If-None-Exist",
        )
