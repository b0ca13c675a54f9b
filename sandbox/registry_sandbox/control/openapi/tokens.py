"""The token endpoint, the key set and the discovery document in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final

from registry_sandbox.control.openapi.parts import BUSY
from registry_sandbox.http.negotiation import FORM

_REQUEST: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "client_id": {"type": "string"},
        "client_secret": {"type": "string"},
        "grant_type": {"const": "client_credentials"},
        "scope": {"type": "string", "description": "<FHIR base>/.default"},
    },
    "required": ["grant_type", "scope"],
}

TOKEN_PATHS: Final[Mapping[str, Mapping[str, Any]]] = {
    "/oauth2/token": {
        "post": {
            "operationId": "token",
            "summary": "A token, by client credentials.",
            "tags": ["tokens"],
            "requestBody": {
                "required": True,
                "content": {FORM: {"schema": _REQUEST}},
            },
            "responses": {
                "200": {"description": "a token"},
                "400": {"description": "RFC 6749 section 5.2"},
                "401": {"description": "the client is not known, or its secret is wrong (invalid_client)"},
                **BUSY,
            },
        }
    },
    "/.well-known/openid-configuration": {
        "get": {
            "operationId": "discovery",
            "tags": ["tokens"],
            "responses": {"200": {"description": "discovery"}, **BUSY},
        }
    },
    "/.well-known/jwks.json": {
        "get": {"operationId": "keys", "tags": ["tokens"], "responses": {"200": {"description": "the keys"}, **BUSY}}
    },
}
