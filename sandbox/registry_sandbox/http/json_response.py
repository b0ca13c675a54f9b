"""Plain responses, mostly in JSON, for everything outside the FHIR base; no cache may store them."""

import json
from typing import Any

from registry_sandbox.http.response import Response

JSON = "application/json"


def json_response(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    """Return a response with an indented JSON body."""
    response = plain_response(status, JSON, json.dumps(value, indent=2).encode() + b"\n")
    response.headers.update(headers or {})
    return response


def plain_response(status: int, media_type: str, body: bytes = b"") -> Response:
    """Return a response with this Content-Type and body; the caller may set `stream` instead of a body."""
    response = Response(status, body=body)
    response.headers.update({"Content-Type": media_type, "Cache-Control": "no-store"})
    return response
