"""Plain JSON responses, for everything outside the FHIR base."""

import json
from typing import Any

from registry_sandbox.http.response import Response


def json_response(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    """Return a response with an indented JSON body, which no cache may store."""
    response = Response(status, body=json.dumps(value, indent=2).encode() + b"\n")
    response.headers.update({"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})})
    return response
