"""/_sandbox/appointments: every appointment with all its versions, past ones too; and further seeds."""

from http import HTTPStatus

from registry_sandbox.control.operation import BadControlRequest, Operation
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.seeds import BadSeed, seeds_from_json
from registry_sandbox.workspace import Workspace

_SEEDS = {
    "description": "An Appointment or a Bundle of them in FHIR's JSON, a story, or a list of stories.",
    "anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}],
}
_ANSWERS = {
    "type": "object",
    "properties": {"total": {"type": "integer"}, "appointments": {"type": "array", "items": {"type": "object"}}},
}


def _listing(status: int, name: str, count: int, listed: bytes) -> Response:
    # The stored bytes unchanged, so that a decimal keeps its zeros.
    response = Response(status, body=b'{"%b":%d,"appointments":[\n%b]}\n' % (name.encode(), count, listed))
    response.headers.update({"Content-Type": "application/json", "Cache-Control": "no-store"})
    return response


def operations(workspace: Workspace) -> list[Operation]:
    """Return the operations."""
    service = workspace.service

    def show(request: Request, _: str) -> Response:
        del request
        histories = [b",".join(each.json for each in history) for history in service.registry.histories()]
        listed = b",\n".join(b'{"versions":[%b]}' % history for history in histories)
        return _listing(HTTPStatus.OK, "total", len(histories), listed)

    def seed(request: Request, _: str) -> Response:
        if request.body_error is not None:
            raise BadControlRequest(str(request.body_error))
        try:
            planted = workspace.seed_loader.load(seeds_from_json("body", request.body))
        except BadSeed as error:
            raise BadControlRequest(str(error)) from error
        return _listing(HTTPStatus.CREATED, "seeded", len(planted), b",\n".join(each.json for each in planted))

    return [
        Operation("GET", "/appointments", show, "Every appointment with all its versions.", answers=_ANSWERS),
        Operation("POST", "/appointments", seed, "Seed more.", body=_SEEDS, status=HTTPStatus.CREATED),
    ]
