"""search-type: the appointments of a patient that are not past.

Source: registry pages, Search for appointments for a patient; FHIR STU3, Search.
"""

from functools import partial
from http import HTTPStatus

from sandbox.answers import url, versioned_url
from sandbox.errors import InvalidParameter
from sandbox.exchange import Request, Response
from sandbox.fhir.bundle import Entry, Said
from sandbox.fhir.datatypes import past_at
from sandbox.query import parameters, require_patient
from sandbox.registrar import Registrar
from sandbox.registry import Version
from sandbox.routing import interaction

_MATCH: Said = ("search", (("mode", "match"),))


@interaction("search-type", "GET", "Appointment")
def search(request: Request, registrar: Registrar) -> Response:
    """Answer with a searchset of everything that matches: there is no paging."""
    return _searchset(request, registrar, parameters(request.query))


@interaction("search-type", "POST", "Appointment/_search", body="form")
def search_by_post(request: Request, registrar: Registrar) -> Response:
    """Answer likewise, with the parameters in the form, or in the query, or in both."""
    if request.body_error is not None:
        raise request.body_error
    try:
        form = request.body.decode("ascii")
    except UnicodeDecodeError as error:
        raise InvalidParameter("The form is not percent-encoded: it has bytes beyond ASCII.") from error
    return _searchset(request, registrar, parameters(request.query) + parameters(form.strip()))


def _searchset(request: Request, registrar: Registrar, sent: list[tuple[str, str]]) -> Response:
    query = require_patient(sent, check_digit=registrar.strictness.check_digit)
    found = _current_appointments(registrar, query.nhs_number)
    name = partial(versioned_url if registrar.versioned_full_url else url, request)
    entries: list[Entry] = [(name(each), each, _MATCH) for each in found]
    self_link = f"{request.base}/Appointment?{query.query}"
    return Response(HTTPStatus.OK, registrar.bundle("searchset", self_link, entries))


def _current_appointments(registrar: Registrar, nhs_number: str) -> list[Version]:
    is_past = past_at(registrar.clock.timestamp())
    return [each for each in registrar.registry.of_patient(nhs_number) if not is_past(each.end)]
