"""/_sandbox/health and /_sandbox/reset: how the sandbox is, and back to how it was at the start."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from registry_sandbox import __version__
from registry_sandbox.control.operation import Operation
from registry_sandbox.fhir.datatypes import write_instant
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.workspace import Workspace

_ANSWERS = {
    "type": "object",
    "properties": {
        "status": {"const": "ready"},
        "version": {"type": "string"},
        "uptime_s": {"type": "number"},
        "clock": {"$ref": "#/components/schemas/Clock"},
        "appointments": {"type": "integer"},
        "faults": {"type": "array", "items": {"type": "string"}, "description": "ids of the rules in force"},
        "sentinels": {"type": "integer", "description": "how many reserved NHS numbers meet a fault"},
        "journal": {"type": "object"},
    },
}


def operations(workspace: Workspace, uptime: Callable[[], float]) -> list[Operation]:
    """Give the operations; `uptime` is in seconds since the start."""

    def health(request: Request, _: str) -> Response:
        del request
        return json_response(HTTPStatus.OK, _health(workspace, uptime()))

    def reset(request: Request, _: str) -> Response:
        workspace.reset()
        return health(request, "")

    return [
        Operation("GET", "/health", health, "Whether the sandbox is ready, and how it is.", answers=_ANSWERS),
        Operation("POST", "/reset", reset, "Return to the state at the start.", answers=_ANSWERS),
    ]


def _health(workspace: Workspace, uptime_s: float) -> dict[str, Any]:
    clock = workspace.service.clock
    return {
        "status": "ready",
        "version": __version__,
        "uptime_s": round(uptime_s, 3),
        "clock": {"now": write_instant(clock.now()), "frozen": clock.frozen},
        "appointments": len(workspace.service.registry),
        "faults": [live.rule.id for live in workspace.engine if live.source != "sentinel"],
        "sentinels": sum(live.source == "sentinel" for live in workspace.engine),
        "journal": {"exchanges": len(workspace.journal), "dropped": workspace.journal.dropped},
    }
