"""history-instance: every version of one appointment, newest first.

Not on the registry's pages. Source: FHIR STU3, RESTful API, history; Bundle, bdl-4 (no `response`) and bdl-8.
"""

from functools import partial
from http import HTTPStatus

from registry_sandbox.api.responses import url
from registry_sandbox.api.routing import interaction
from registry_sandbox.fhir.bundle import Said
from registry_sandbox.http.query import require_no_parameters
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.version import Version, encoded


@interaction(
    "history-instance",
    "GET",
    "Appointment/{id}/_history",
    statuses=(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
    ssp_id="read:appointment",
    patient_in="appointment",
)
def history_instance(request: Request, service: RegistryService) -> Response:
    """Answer with a history Bundle."""
    history = service.registry.history(request.logical_id)
    require_no_parameters(request)
    newest_first = history[::-1]
    of_each = url(request, history[0])
    urls, said = [of_each] * len(history), [_said(each) for each in newest_first]
    bundle = service.bundle("history", f"{of_each}/_history", urls, said, partial(encoded, newest_first))
    return Response(request.declared.success, bundle)


def _said(version: Version) -> Said:
    created = version.number == 1
    method = ("method", "POST" if created else "PUT")
    path = "Appointment" if created else f"Appointment/{version.logical_id}"
    return "request", (method, ("url", path))
