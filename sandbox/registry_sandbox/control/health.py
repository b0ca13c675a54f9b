"""/_sandbox/health: whether the sandbox is ready, and its state in figures; and the two answers that probes ask for."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from registry_sandbox import __version__
from registry_sandbox.control.operation import Operation
from registry_sandbox.fhir.datatypes import write_instant
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.workspace import Workspace

Uptime = Callable[[], float]
"""Returns the seconds since the start."""

PATHS: Final = ("/health", "/health/live", "/health/ready")
"""What anybody may ask, without a token and by any name: probes and load balancers know neither."""

PROBES: Final = PATHS[1:]
"""What is answered whatever else cannot be."""

ANSWERS: Final = {
    "type": "object",
    "properties": {
        "status": {"const": "ready"},
        "version": {"type": "string"},
        "uptime_s": {"type": "number"},
        "clock": {"$ref": "#/components/schemas/Clock"},
        "appointments": {"type": "integer"},
        "faults": {"type": "array", "items": {"type": "string"}, "description": "ids of the rules in force"},
        "sentinels": {"type": "integer", "description": "how many reserved NHS numbers have a fault"},
        "journal": {"type": "object"},
        "transport": {
            "type": "object",
            "description": "only if the server's certificate is bad on purpose: its fault, and how clients took it",
            "properties": {
                "tls_fault": {"type": "string"},
                "refused": {"type": "object", "description": "how many handshakes clients refused, by their alert"},
                "silent": {"type": "integer", "description": "connections that ended after it without a byte"},
            },
        },
    },
}


def operations(workspace: Workspace, uptime: Callable[[], float], trouble: Callable[[], str]) -> list[Operation]:
    """Return the operations.

    Args:
        workspace: whose health is told.
        uptime: returns the seconds since the start.
        trouble: returns why no request can be answered now; empty if they can.
    """

    def health(request: Request, _: str) -> Response:
        del request
        return json_response(HTTPStatus.OK, state(workspace, uptime()))

    _, live, ready = PATHS
    return [
        Operation("GET", "/health", health, "Whether the sandbox is ready, and its state.", answers=ANSWERS),
        _probe(live, "live", "Whether the process answers: for liveness probes.", lambda: ""),
        _probe(ready, "ready", "Whether requests are answered: for readiness probes.", trouble),
    ]


def _probe(path: str, status: str, summary: str, trouble: Callable[[], str]) -> Operation:
    # The ports open once everything is loaded, and close first: a sandbox alone that answers is ready.
    def probe(request: Request, _: str) -> Response:
        del request
        why = trouble()
        if why:
            return json_response(HTTPStatus.SERVICE_UNAVAILABLE, {"status": f"not {status}", "why": why})
        return json_response(HTTPStatus.OK, {"status": status})

    answers = {"type": "object", "properties": {"status": {"const": status}}}
    return Operation("GET", path, probe, summary, answers=answers)


def state(workspace: Workspace, uptime_s: float) -> dict[str, Any]:
    """Return the state of the sandbox, as `ANSWERS` describes it."""
    clock, bad = workspace.service.clock, workspace.bad_certificate
    return {
        "status": "ready",
        "version": __version__,
        "uptime_s": round(uptime_s, 3),
        "clock": {"now": write_instant(clock.now()), "frozen": clock.frozen},
        "appointments": len(workspace.service.registry),
        "faults": [live.rule.id for live in workspace.engine if live.source != "sentinel"],
        "sentinels": sum(live.source == "sentinel" for live in workspace.engine),
        "journal": {"exchanges": len(workspace.journal), "dropped": workspace.journal.dropped},
        **({} if bad is None else {"transport": bad.as_json()}),
    }
