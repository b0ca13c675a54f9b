"""/_sandbox/openapi.json: the whole surface as OpenAPI 3.1, generated from what the other modules declare."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from registry_sandbox import __version__
from registry_sandbox.control import clock, faults
from registry_sandbox.control.operation import Operation
from registry_sandbox.faults.rule import rule_schema
from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.query import PATIENT_PARAMETERS
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

_FHIR = ("application/fhir+json", "application/fhir+xml")
_FORM = "application/x-www-form-urlencoded"
_RESOURCE = {"type": "object", "description": "a FHIR STU3 resource"}


def operation(
    root: str, control: Iterable[Operation], interactions: Iterable[Interaction], base_path: str
) -> Operation:
    """Give the operation that answers with the document."""
    listed, declared = list(control), list(interactions)

    def show(request: Request, _: str) -> Response:
        del request
        return json_response(HTTPStatus.OK, document(root, [*listed, this], declared, base_path))

    this = Operation("GET", "/openapi.json", show, "This document.", answers={"type": "object"})
    return this


def document(
    root: str, control: Iterable[Operation], interactions: Iterable[Interaction], base_path: str
) -> dict[str, Any]:
    """Give the document."""
    paths: dict[str, dict[str, Any]] = {}
    for interaction in interactions:
        paths.setdefault(f"{base_path}/{interaction.path}", {})[interaction.method.lower()] = _fhir(interaction)
    paths |= _TOKENS
    for each in control:
        paths.setdefault(root + each.path, {})[each.method.lower()] = _control(each, root)
    rule = rule_schema()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Appointment Registry Sandbox",
            "version": __version__,
            "description": "The registry (FHIR STU3), its token endpoint, and the control plane of the sandbox.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Fault": rule, "LiveFault": faults.live_schema(rule), "Clock": clock.schema(), "Error": _ERROR},
            "securitySchemes": {
                "registry": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "control": {"type": "http", "scheme": "bearer", "description": "only with --control-token"},
            },
        },
    }


_ERROR: dict[str, Any] = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}


def _fhir(interaction: Interaction) -> dict[str, Any]:
    content = {media_type: {"schema": _RESOURCE} for media_type in _FHIR}
    described: dict[str, Any] = {
        "operationId": _name("fhir", interaction.code, interaction.method, interaction.path),
        "summary": f"{interaction.code} ({interaction.path.partition('/')[0]})",
        "tags": ["FHIR"],
        "parameters": [*_segments(interaction.path), *_headers(interaction), *_search(interaction)],
        "responses": {
            str(int(each)): {
                "description": each.phrase,
                **({} if each == HTTPStatus.NOT_MODIFIED else {"content": content}),
            }
            for each in interaction.all_statuses
        },
        "security": [{"registry": []}] if interaction.needs_token else [{}, {"registry": []}],
    }
    if interaction.body == "resource":
        described["requestBody"] = {"required": True, "content": content}
    elif interaction.body == "form":
        described["requestBody"] = {"content": {_FORM: {"schema": {"type": "object"}}}}
    return described


def _segments(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _headers(interaction: Interaction) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": required, "schema": {"type": "string"}}
        for name, required in interaction.headers.items()
    ]


def _search(interaction: Interaction) -> list[dict[str, Any]]:
    parameters = [{"name": "_format", "in": "query", "schema": {"type": "string"}, "description": "xml or json"}]
    if interaction.code == "search-type" and interaction.path == "Appointment":
        parameters += [
            {"name": each.name, "in": "query", "schema": {"type": "string"}, "description": "system|NHS number"}
            for each in PATIENT_PARAMETERS
        ]
    return parameters


def _control(operation: Operation, root: str) -> dict[str, Any]:
    content = {each: {"schema": _answer_schema(operation, each)} for each in operation.media_types}
    success = {"description": operation.status.phrase}
    if operation.status != HTTPStatus.NO_CONTENT:
        success["content"] = content  # type: ignore[assignment]
    error = {
        "description": "refused",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    described: dict[str, Any] = {
        "operationId": _name("control", operation.method, root + operation.path),
        "summary": operation.summary,
        "tags": ["control"],
        "parameters": [*_segments(operation.path), *_query(operation)],
        "responses": {str(int(operation.status)): success, "4XX": error},
        "security": [{}, {"control": []}],
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    return described


def _answer_schema(operation: Operation, media_type: str) -> Mapping[str, Any]:
    return operation.answers or {} if media_type == "application/json" else {"type": "string"}


def _query(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "schema": {"type": "string"}, "description": meaning}
        for name, meaning in (operation.query or {}).items()
    ]


def _name(*parts: str) -> str:
    return re.sub(r"\W+", "-", "-".join(parts)).strip("-").lower()


_TOKENS: dict[str, dict[str, Any]] = {
    "/oauth2/token": {
        "post": {
            "operationId": "token",
            "summary": "A token, by client credentials.",
            "tags": ["tokens"],
            "requestBody": {
                "required": True,
                "content": {
                    _FORM: {
                        "schema": {
                            "type": "object",
                            "properties": {
                                "client_id": {"type": "string"},
                                "client_secret": {"type": "string"},
                                "grant_type": {"const": "client_credentials"},
                                "scope": {"type": "string", "description": "<FHIR base>/.default"},
                            },
                            "required": ["grant_type", "scope"],
                        }
                    }
                },
            },
            "responses": {"200": {"description": "a token"}, "400": {"description": "RFC 6749 section 5.2"}},
        }
    },
    "/.well-known/openid-configuration": {
        "get": {"operationId": "discovery", "tags": ["tokens"], "responses": {"200": {"description": "discovery"}}}
    },
    "/.well-known/jwks.json": {
        "get": {"operationId": "keys", "tags": ["tokens"], "responses": {"200": {"description": "the keys"}}}
    },
}
