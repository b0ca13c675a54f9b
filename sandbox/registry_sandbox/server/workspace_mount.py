"""The mount of the workspaces: it chooses by the name in the path, and answers where there is none of that name."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from registry_sandbox.fhir.resource import Write
from registry_sandbox.http.base_url import NAME_EXPECTED, Below, below_workspaces
from registry_sandbox.http.common_headers import CommonHeaders
from registry_sandbox.http.errors import NoRecordFound
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.negotiation import note_answer_format, represent
from registry_sandbox.http.outcomes import refusal
from registry_sandbox.http.redirect import as_folder
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response


class UnknownWorkspace:
    """Answers 404 in the place of a workspace that is not there, before any token: an outcome below the FHIR base.

    Args:
        common_headers: those of an answer below the FHIR base.
        write: encodes a resource.
        base_paths: the paths of the FHIR base inside a workspace.
    """

    def __init__(self, common_headers: CommonHeaders, write: Write, base_paths: tuple[str, ...]) -> None:
        self._common_headers = common_headers
        self._write = write
        self._base_paths = base_paths

    def __call__(self, request: Request, below: Below | None) -> Response:
        """Return the answer."""
        if below is None:
            return json_response(HTTPStatus.NOT_FOUND, {"error": f"Expected /w/NAME, where NAME is {NAME_EXPECTED}."})
        message = (
            f"There is no workspace '{below.name[:80]}': none was made, or it was deleted, or it was not used for its "
            "time to live; POST /_sandbox/workspaces makes one."
        )
        if below.path not in self._base_paths and not below.path.startswith(tuple(f"{p}/" for p in self._base_paths)):
            return json_response(HTTPStatus.NOT_FOUND, {"error": message})
        note_answer_format(request)
        response = refusal(NoRecordFound(message))
        represent(response, request.answer_format, self._write)
        self._common_headers.add_to(request, response)
        return response


class WorkspaceMount:
    """Answers every path below `/w`.

    Args:
        find: returns what answers for the workspace of a name; None if there is none.
        unknown: answers then.
    """

    def __init__(self, find: Callable[[str], Handler | None], unknown: UnknownWorkspace) -> None:
        self._find = find
        self._unknown = unknown

    def __call__(self, request: Request) -> Awaitable[Response]:
        """Answer a request, inside the workspace that its path names."""
        below = below_workspaces(request.path)
        handler = None if below is None else self._find(below.name)
        if below is None or handler is None:
            return self._nowhere(request, below)
        if request.path == below.mount:
            return self._root(request)
        request.enter(below.mount, below.path)
        return handler(request)

    async def _root(self, request: Request) -> Response:
        # The page's addresses are relative: without the slash they would lead to the workspace without a name.
        return as_folder(request.path)

    async def _nowhere(self, request: Request, below: Below | None) -> Response:
        return self._unknown(request, below)
