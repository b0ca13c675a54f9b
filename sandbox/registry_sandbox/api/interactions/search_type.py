"""search-type: the appointments of a patient that are not past.

Source: registry pages, Search for appointments for a patient; FHIR STU3, Search.
"""

from functools import partial
from itertools import compress
from operator import attrgetter, not_

from registry_sandbox.api.responses import type_url, versioned_url
from registry_sandbox.api.routing import interaction
from registry_sandbox.fhir.bundle import MATCH
from registry_sandbox.fhir.datatypes import are_past
from registry_sandbox.http.errors import InvalidParameter
from registry_sandbox.http.query import PatientQuery, parameters, patient_asked, require_patient
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.version import Version, encoded


@interaction("search-type", "GET", "Appointment", ssp_id="search:appointment", patient_in="query")
def search(request: Request, service: RegistryService) -> Response:
    """Answer with a searchset of everything that matches: there is no paging."""
    return _searchset(request, service, patient_asked(request.query, check_digit=service.strictness.check_digit))


@interaction("search-type", "POST", "Appointment/_search", body="form", ssp_id="search:appointment", patient_in="query")
def search_by_post(request: Request, service: RegistryService) -> Response:
    """Answer likewise, with the parameters in the form, or in the query, or in both."""
    if request.body_error is not None:
        raise request.body_error
    try:
        form = request.body.decode("ascii")
    except UnicodeDecodeError as error:
        raise InvalidParameter("The form is not percent-encoded: it has bytes beyond ASCII.") from error
    sent = parameters(request.query) + parameters(form.strip())
    return _searchset(request, service, require_patient(sent, check_digit=service.strictness.check_digit))


def _searchset(request: Request, service: RegistryService, query: PatientQuery) -> Response:
    found = _current_appointments(service, query.nhs_number)
    if service.versioned_full_url:
        urls = [versioned_url(request, each) for each in found]
    else:
        beginning = type_url(request)
        urls = [beginning + each.logical_id for each in found]
    self_link = f"{request.base}/Appointment?{query.query}"
    bundle = service.bundle("searchset", self_link, urls, [MATCH] * len(urls), partial(encoded, found))
    return Response(request.declared.success, bundle)


def _current_appointments(service: RegistryService, nhs_number: str) -> list[Version]:
    found = service.registry.of_patient(nhs_number)
    past = are_past(map(attrgetter("end"), found), service.clock.timestamp())
    return list(compress(found, map(not_, past)))
