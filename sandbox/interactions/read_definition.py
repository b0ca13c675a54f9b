"""read and search-type of the definitions in use: StructureDefinition, ValueSet, CodeSystem.

Source: registry.md section 9; FHIR STU3, RESTful API.
"""

from http import HTTPStatus

from sandbox.errors import InvalidParameter, NoRecordFound
from sandbox.exchange import Fresh, Request, Resource, Response
from sandbox.fhir.bundle import Entry
from sandbox.query import parameters, require_no_parameters
from sandbox.registrar import Registrar
from sandbox.routing import interaction


@interaction("read", "GET", "StructureDefinition/{id}", "ValueSet/{id}", "CodeSystem/{id}")
def read_definition(request: Request, registrar: Registrar) -> Response:
    """Answer with a definition."""
    kind = request.resource_type
    definition = registrar.profiles.definition(kind, request.logical_id)
    if definition is None:
        raise NoRecordFound(f"There is no {kind} with the id '{request.logical_id[:80]}'.")
    require_no_parameters(request)
    return Response(HTTPStatus.OK, Fresh(definition))


@interaction("search-type", "GET", "StructureDefinition", "ValueSet", "CodeSystem")
def search_definitions(request: Request, registrar: Registrar) -> Response:
    """Answer with the definitions of a kind: all, or the one of a canonical URL."""
    kind = request.resource_type
    found = registrar.profiles.search(kind, _url_asked(request))
    query = f"?{request.query}" if request.query else ""
    entries = [_entry(request, kind, each) for each in found]
    return Response(HTTPStatus.OK, registrar.bundle("searchset", f"{request.base}/{kind}{query}", entries))


def _url_asked(request: Request) -> str | None:
    sent = [(name, value) for name, value in parameters(request.query) if name != "_format"]
    if not sent:
        return None
    if len(sent) > 1 or sent[0][0] != "url":
        names = ", ".join(name[:80] for name, _ in sent)
        raise InvalidParameter(f"The query has {names}; supported: url, once, and _format.")
    return sent[0][1]


def _entry(request: Request, kind: str, definition: Resource) -> Entry:
    return f"{request.base}/{kind}/{definition['id']}", Fresh(definition), ("search", (("mode", "match"),))
