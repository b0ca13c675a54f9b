"""The answer of a replica whose store is away: 503 in the form of the part that was called."""

from http import HTTPStatus

from registry_sandbox.fhir.resource import Write
from registry_sandbox.http.common_headers import CommonHeaders
from registry_sandbox.http.errors import ServiceUnavailable
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.negotiation import note_answer_format, represent
from registry_sandbox.http.outcomes import refusal
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.replication.store import StoreAway


class Unavailable:
    """Answers 503: an outcome below the FHIR base, else a JSON object.

    Args:
        common_headers: those of an answer below the FHIR base.
        write: encodes a resource.
        base_paths: the paths of the FHIR base.
    """

    def __init__(self, common_headers: CommonHeaders, write: Write, base_paths: tuple[str, ...]) -> None:
        self._common_headers, self._write = common_headers, write
        self._base_paths = base_paths

    def __call__(self, request: Request, away: StoreAway) -> Response:
        """Return the answer."""
        message = f"The store of this sandbox's replicas does not answer, so nothing was done: {away}. Try again later."
        if not self._is_fhir(request.path):
            error = "temporarily_unavailable" if "/oauth2/" in request.path else message
            told = {"error": error, **({"error_description": message} if error != message else {})}
            return json_response(HTTPStatus.SERVICE_UNAVAILABLE, told, {"Retry-After": "1"})
        note_answer_format(request)
        response = refusal(ServiceUnavailable(message))
        represent(response, request.answer_format, self._write)
        self._common_headers.add_to(request, response)
        return response

    def _is_fhir(self, path: str) -> bool:
        inside = path
        if path.startswith("/w/"):  # whether there is such a workspace, nobody knows now
            inside = "/" + path.removeprefix("/w/").partition("/")[2]
        return any(inside == base or inside.startswith(f"{base}/") for base in self._base_paths)
