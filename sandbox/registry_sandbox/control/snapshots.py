"""/_sandbox/snapshots: states that are kept by name: a test arranges once, and returns to it in milliseconds."""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any, Final

from registry_sandbox.control import health
from registry_sandbox.control.health import Uptime
from registry_sandbox.control.operation import BadControlRequest, Operation, json_body, parameters, refused_for
from registry_sandbox.control.workspaces import Name
from registry_sandbox.faults.fields import BadFault, object_schema, read_object
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.workspace import State, Workspace

AT_MOST: Final = 100
"""How many snapshots a workspace keeps. They share what they have in common with each other and with the state."""

_SHOWN: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "appointments": {"type": "integer"}},
}
_LISTED: Final[dict[str, Any]] = {"type": "object", "properties": {"snapshots": {"type": "array", "items": _SHOWN}}}


@dataclass(frozen=True, slots=True)
class Asked:
    """The body of a call that makes a snapshot."""

    name: Name | None = None


def operations(workspace: Workspace, uptime: Uptime) -> list[Operation]:
    """Return the operations; `uptime` returns the seconds since the start."""
    noun = _Snapshots(workspace, uptime)
    one, restored = "/snapshots/{id}", "Be what the snapshot is, with an empty journal."
    body, made, gone = object_schema(Asked), HTTPStatus.CREATED, HTTPStatus.NO_CONTENT
    return [
        Operation("GET", "/snapshots", noun.all, "The snapshots.", answers=_LISTED),
        Operation("POST", "/snapshots", noun.make, "Keep the state.", body=body, status=made, answers=_SHOWN),
        Operation("GET", one, noun.one, "One of them.", answers=_SHOWN),
        Operation("DELETE", one, noun.remove, "Forget one.", status=gone),
        Operation("POST", f"{one}/restore", noun.restore, restored, answers=health.ANSWERS),
    ]


class _Snapshots:
    def __init__(self, workspace: Workspace, uptime: Uptime) -> None:
        self._workspace = workspace
        self._snapshots = workspace.snapshots
        self._uptime = uptime

    def all(self, request: Request, _: str) -> Response:
        """List them, the oldest first."""
        parameters(request, {})
        shown = [_described(name, state) for name, state in self._snapshots.items()]
        return json_response(HTTPStatus.OK, {"snapshots": shown})

    def make(self, request: Request, _: str) -> Response:
        """Keep the state under a name; one is made up where none is given."""
        with refused_for(BadFault):
            asked: Asked = read_object(Asked, json_body(request) if request.body else {}, "snapshot")
        name = asked.name or self._free_name()
        if name in self._snapshots:
            raise BadControlRequest(
                f"There is a snapshot '{name}' already; expected another name, or a DELETE first.", HTTPStatus.CONFLICT
            )
        if len(self._snapshots) >= AT_MOST:
            raise BadControlRequest(
                f"There are {AT_MOST} snapshots, and no more are kept; delete one first.", HTTPStatus.CONFLICT
            )
        state = self._snapshots[name] = self._workspace.state
        return json_response(HTTPStatus.CREATED, _described(name, state))

    def one(self, request: Request, name: str) -> Response:
        """Show one."""
        del request
        return json_response(HTTPStatus.OK, _described(name, self._required(name)))

    def remove(self, request: Request, name: str) -> Response:
        """Forget one."""
        del request
        self._required(name)
        del self._snapshots[name]
        return Response(HTTPStatus.NO_CONTENT)

    def restore(self, request: Request, name: str) -> Response:
        """Return to a snapshot. The snapshot stays."""
        del request
        self._workspace.restore(self._required(name))
        return json_response(HTTPStatus.OK, health.state(self._workspace, self._uptime()))

    def _required(self, name: str) -> State:
        state = self._snapshots.get(name)
        if state is None:
            known = ", ".join(self._snapshots) or "none"
            raise BadControlRequest(
                f"There is no snapshot '{name[:80]}'; there are: {known[:400]}.", HTTPStatus.NOT_FOUND
            )
        return state

    def _free_name(self) -> str:
        names = (f"snapshot-{number}" for number in count(1))
        return next(each for each in names if each not in self._snapshots)


def _described(name: str, state: State) -> dict[str, Any]:
    return {"name": name, "appointments": 0 if state.contents is None else len(state.contents.histories)}
