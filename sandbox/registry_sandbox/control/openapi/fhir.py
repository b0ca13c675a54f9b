"""The FHIR interactions in the OpenAPI document."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from registry_sandbox.control.openapi.parts import operation_id, parameter, segments
from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.negotiation import FORM
from registry_sandbox.http.query import PATIENT_PARAMETERS

_RESOURCE: Final[Mapping[str, Any]] = {"type": "object", "description": "a FHIR STU3 resource"}
_CONTENT: Final[Mapping[str, Any]] = {
    media_type: {"schema": _RESOURCE} for media_type in ("application/fhir+json", "application/fhir+xml")
}
_FORMATS: Final = ("xml", "json", *_CONTENT)
_BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "resource": {"required": True, "content": _CONTENT},
    "form": {"content": {FORM: {"schema": {"type": "object"}}}},
}


def fhir_operation(interaction: Interaction) -> dict[str, Any]:
    """Return the description of an interaction."""
    described: dict[str, Any] = {
        "operationId": operation_id("fhir", interaction.code, interaction.method, interaction.path),
        "summary": f"{interaction.code} ({interaction.path.partition('/')[0]})",
        "tags": ["FHIR"],
        "parameters": [*segments(interaction.path), *_headers(interaction), *_query(interaction)],
        "responses": {str(int(status)): _response(status) for status in interaction.all_statuses},
        "security": [{"registry": []}] if interaction.needs_token else [{}, {"registry": []}],
    }
    body = _BODIES.get(interaction.body)
    return described if body is None else {**described, "requestBody": body}


def _headers(interaction: Interaction) -> list[dict[str, Any]]:
    return [parameter(name, "header", required=required) for name, required in interaction.headers.items()]


def _query(interaction: Interaction) -> list[dict[str, Any]]:
    parameters = [parameter("_format", "query", "of the answer; it beats Accept", values=_FORMATS)]
    if interaction.code == "search-type" and interaction.path == "Appointment":
        parameters += [parameter(each.name, "query", "system|NHS number") for each in PATIENT_PARAMETERS]
    return parameters


def _response(status: HTTPStatus) -> dict[str, Any]:
    without_body = status == HTTPStatus.NOT_MODIFIED
    return {"description": status.phrase, **({} if without_body else {"content": _CONTENT})}
