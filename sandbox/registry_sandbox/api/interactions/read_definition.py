"""read and search-type of the definitions in use: StructureDefinition, ValueSet, CodeSystem.

Source: registry.md section 9; FHIR STU3, RESTful API.
"""

from functools import partial
from http import HTTPStatus

from registry_sandbox.api.routing import interaction
from registry_sandbox.fhir.bundle import MATCH
from registry_sandbox.fhir.resource import Format, Resource, Write
from registry_sandbox.http.errors import InvalidParameter, NoRecordFound
from registry_sandbox.http.query import parameters, require_no_parameters
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import GeneratedContent, Response
from registry_sandbox.registry.service import RegistryService


@interaction(
    "read",
    "GET",
    "StructureDefinition/{id}",
    "ValueSet/{id}",
    "CodeSystem/{id}",
    statuses=(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
)
def read_definition(request: Request, service: RegistryService) -> Response:
    """Answer with a definition."""
    kind = request.resource_type
    definition = service.profiles.definition(kind, request.logical_id)
    if definition is None:
        raise NoRecordFound(f"There is no {kind} with the id '{request.logical_id[:80]}'.")
    require_no_parameters(request)
    return Response(request.declared.success, GeneratedContent(definition))


@interaction("search-type", "GET", "StructureDefinition", "ValueSet", "CodeSystem")
def search_definitions(request: Request, service: RegistryService) -> Response:
    """Answer with the definitions of a kind: all, or the one of a canonical URL."""
    kind = request.resource_type
    found = service.profiles.search(kind, _url_asked(request))
    query = f"?{request.query}" if request.query else ""
    urls = [f"{request.base}/{kind}/{each['id']}" for each in found]
    link = f"{request.base}/{kind}{query}"
    return Response(
        request.declared.success, service.bundle("searchset", link, urls, [MATCH] * len(urls), partial(_encoded, found))
    )


def _url_asked(request: Request) -> str | None:
    sent = [(name, value) for name, value in parameters(request.query) if name != "_format"]
    if not sent:
        return None
    if len(sent) > 1 or sent[0][0] != "url":
        names = ", ".join(name[:80] for name, _ in sent)
        raise InvalidParameter(f"The query has {names}; supported: url, once, and _format.")
    return sent[0][1]


def _encoded(definitions: list[Resource], wanted: Format, write: Write) -> list[bytes]:
    return [write(each, wanted) for each in definitions]
