"""update: cancel a registered appointment, knowing its version.

Source: registry pages, Cancel a registered appointment; FHIR STU3, RESTful API, version aware updates.
"""

import re
from collections.abc import Awaitable
from http import HTTPStatus

from registry_sandbox.api.responses import write_answer
from registry_sandbox.api.routing import interaction
from registry_sandbox.fhir.etag import versions_named
from registry_sandbox.http.errors import MissingIfMatch, VersionConflict
from registry_sandbox.http.field_names import IF_MATCH
from registry_sandbox.http.query import require_no_parameters
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.version import Stored, Version


# The versioned path: the page says that the Location of an answer takes a PUT, though FHIR knows no such thing.
@interaction(
    "update",
    "PUT",
    "Appointment/{id}",
    "Appointment/{id}/_history/{vid}",
    writes=True,
    body="resource",
    statuses=(
        HTTPStatus.OK,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    headers={"If-Match": True, "Prefer": False},
    ssp_id="update:appointment",
    patient_in="appointment",
)
def update(request: Request, service: RegistryService) -> Response | Awaitable[Response]:
    """Store the cancelled appointment as its next version."""
    current = service.registry.current(request.logical_id)
    if_match = _require_if_match(request)
    _require_current(request, if_match, current)
    require_no_parameters(request)

    def answer(stored: Stored) -> Response:
        return write_answer(request, stored, "RESOURCE_UPDATED")

    return service.accept(request, answer, current)


def _require_if_match(request: Request) -> str:
    if_match = ", ".join(request.headers.getall(IF_MATCH, ())).strip()
    if not if_match or if_match == "*":
        found = "is '*', which guards nothing" if if_match else "is missing"
        raise MissingIfMatch(
            f'If-Match {found}; expected the version that was read, such as W/"1".', location="http.If-Match"
        )
    return if_match


_MISSPELT = re.compile(r'(?:[Ww]/)?"?([0-9]+)"?')


def _not_current(if_match: str, current: Version) -> str:
    misspelt = _MISSPELT.fullmatch(if_match)
    if misspelt is not None and misspelt[1] == current.version_id:
        return f"If-Match is {if_match}, which is no entity tag; expected {current.etag}, which is the current version."
    return f"If-Match is {if_match[:80]}; the current version is {current.etag}. Read the appointment again first."


def _require_current(request: Request, if_match: str, current: Version) -> None:
    if if_match != current.etag and current.version_id not in versions_named(if_match):
        raise VersionConflict(_not_current(if_match, current), location="http.If-Match")
    if request.version_id not in ("", current.version_id):
        raise VersionConflict(
            f"The URL names version '{request.version_id[:80]}'; the current version is '{current.version_id}'."
        )
