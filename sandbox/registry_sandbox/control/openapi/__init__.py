"""/_sandbox/openapi.json: the whole surface as OpenAPI 3.1, generated from the declarations of the other modules."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from registry_sandbox import __version__
from registry_sandbox.control import clock, faults
from registry_sandbox.control.openapi.control import control_operation
from registry_sandbox.control.openapi.fhir import fhir_operation
from registry_sandbox.control.openapi.tokens import TOKEN_PATHS
from registry_sandbox.control.operation import Operation
from registry_sandbox.faults.rule import rule_schema
from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

_INFO: Final[Mapping[str, str]] = {
    "title": "Appointment Registry Sandbox",
    "version": __version__,
    "description": "The registry (FHIR STU3), its token endpoint, and the control plane of the sandbox.",
}
_ERROR: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"error": {"type": "string"}},
    "required": ["error"],
}
_SECURITY: Final[Mapping[str, Any]] = {
    "registry": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "control": {"type": "http", "scheme": "bearer", "description": "only with --control-token"},
}


def operation(
    prefix: str, root: str, control: Iterable[Operation], interactions: Iterable[Interaction], base_path: str
) -> Operation:
    """Return the operation that answers with the document; the document includes this operation."""
    listed, declared = list(control), list(interactions)

    def show(request: Request, _: str) -> Response:
        del request
        return json_response(HTTPStatus.OK, document(prefix, root, [*listed, this], declared, base_path))

    this = Operation("GET", "/openapi.json", show, "This document.", answers={"type": "object"})
    return this


def document(
    prefix: str, root: str, control: Iterable[Operation], interactions: Iterable[Interaction], base_path: str
) -> dict[str, Any]:
    """Return the document.

    Args:
        prefix: what every path begins with, behind a proxy.
        root: the path of the control plane, without the prefix.
        control: its operations.
        interactions: the interactions of the FHIR API.
        base_path: the path of the FHIR base.
    """
    paths: dict[str, dict[str, Any]] = {}
    for interaction in interactions:
        by_method = paths.setdefault(f"{base_path}/{interaction.path}", {})
        by_method[interaction.method.lower()] = fhir_operation(interaction)
    paths |= {prefix + path: dict(by_method) for path, by_method in TOKEN_PATHS.items()}
    for each in control:
        by_method = paths.setdefault(prefix + root + each.path, {})
        by_method[each.method.lower()] = control_operation(each, root)
    rule = rule_schema()
    schemas = {"Fault": rule, "LiveFault": faults.live_schema(rule), "Clock": clock.schema(), "Error": _ERROR}
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _SECURITY},
    }
