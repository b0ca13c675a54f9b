"""/_sandbox/reset: back to the state at the start."""

from collections.abc import Callable
from http import HTTPStatus

from registry_sandbox.control import health
from registry_sandbox.control.operation import Operation
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.workspace import Workspace


def operations(workspace: Workspace, uptime: Callable[[], float]) -> list[Operation]:
    """Return the operation; `uptime` returns the seconds since the start."""

    async def reset(request: Request, _: str) -> Response:
        del request
        await workspace.reset()
        return json_response(HTTPStatus.OK, health.state(workspace, uptime()))

    return [Operation("POST", "/reset", reset, "Return to the state at the start.", answers=health.ANSWERS)]
