"""/_sandbox/health and /_sandbox/reset: how the sandbox is, and back to how it was at the start."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from registry_sandbox import __version__
from registry_sandbox.control.operation import Operation
from registry_sandbox.fhir.datatypes import write_instant
from registry_sandbox.http.exchange import Request, Response
from registry_sandbox.http.json_response import json_response
from registry_sandbox.workspace import Tenant

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


def operations(tenant: Tenant, uptime: Callable[[], float]) -> list[Operation]:
    """Give the operations; `uptime` is in seconds since the start."""

    def health(request: Request, _: str) -> Response:
        del request
        return json_response(HTTPStatus.OK, _health(tenant, uptime()))

    def reset(request: Request, _: str) -> Response:
        tenant.reset()
        return health(request, "")

    return [
        Operation("GET", "/health", health, "Whether the sandbox is ready, and how it is.", answers=_ANSWERS),
        Operation("POST", "/reset", reset, "Return to the state at the start.", answers=_ANSWERS),
    ]


def _health(tenant: Tenant, uptime_s: float) -> dict[str, Any]:
    clock = tenant.registrar.clock
    return {
        "status": "ready",
        "version": __version__,
        "uptime_s": round(uptime_s, 3),
        "clock": {"now": write_instant(clock.now()), "frozen": clock.frozen},
        "appointments": len(tenant.registrar.registry),
        "faults": [live.rule.id for live in tenant.plan if live.source != "sentinel"],
        "sentinels": sum(live.source == "sentinel" for live in tenant.plan),
        "journal": {"exchanges": len(tenant.journal), "dropped": tenant.journal.dropped},
    }
