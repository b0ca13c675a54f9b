"""The operations of the control plane in the OpenAPI document."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from registry_sandbox.control.openapi.parts import BUSY, operation_id, parameter, segments
from registry_sandbox.control.operation import Operation

_REFUSED: Final[Mapping[str, Any]] = {
    "description": "refused",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


def control_operation(operation: Operation, root: str) -> dict[str, Any]:
    """Return the description of an operation below the path `root`."""
    query = [parameter(name, "query", meaning) for name, meaning in (operation.query or {}).items()]
    described: dict[str, Any] = {
        "operationId": operation_id("control", operation.method, root + operation.path),
        "summary": operation.summary,
        "tags": ["control"],
        "parameters": [*segments(operation.path), *query],
        "responses": {str(int(operation.status)): _success(operation), "4XX": _REFUSED, **BUSY},
        "security": [{}, {"control": []}],
    }
    if operation.body is not None:
        content = {media_type: {"schema": operation.body} for media_type in operation.body_types}
        described["requestBody"] = {"required": operation.path not in _BODY_MAY_BE_MISSING, "content": content}
    return described


_BODY_MAY_BE_MISSING = ("/exam", "/faults/{id}/release", "/snapshots", "/workspaces")
"""Where no body stands for an empty object: all scenarios, all held exchanges, a name and settings that are made up."""


def _success(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"description": operation.status.phrase}
    if operation.status != HTTPStatus.NO_CONTENT:
        described["content"] = {each: {"schema": _answer_schema(operation, each)} for each in operation.media_types}
    return described


def _answer_schema(operation: Operation, media_type: str) -> Mapping[str, Any]:
    return operation.answers or {} if media_type == "application/json" else {"type": "string"}
