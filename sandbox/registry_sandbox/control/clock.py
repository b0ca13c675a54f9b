"""/_sandbox/clock: the sandbox's clock, which tokens, slots and faults follow; it can be set, advanced and frozen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from registry_sandbox.control.operation import Operation, json_body, refused_for
from registry_sandbox.faults.fields import BadFault, object_schema, read_object
from registry_sandbox.faults.kinds import Instant, SignedSeconds
from registry_sandbox.fhir.datatypes import write_instant
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.clock import require_showable
from registry_sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A change of the clock: it is set, then advanced, then frozen or not."""

    now: Annotated[datetime, Instant()] | None = None
    advance: SignedSeconds | None = None
    frozen: bool | None = None

    def __post_init__(self) -> None:
        """Refuse a change that changes nothing.

        Raises:
            ValueError: no member is there.
        """
        if self.now is None and self.advance is None and self.frozen is None:
            raise ValueError("expected now, advance or frozen")


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the answer."""
    return {
        "type": "object",
        "properties": {"now": {"type": "string", "format": "date-time"}, "frozen": {"type": "boolean"}},
    }


def operations(workspace: Workspace) -> list[Operation]:
    """Return the operations."""
    clock = workspace.service.clock

    def show(request: Request, _: str) -> Response:
        del request
        return json_response(HTTPStatus.OK, {"now": write_instant(clock.now()), "frozen": clock.frozen})

    def change(request: Request, _: str) -> Response:
        with refused_for(BadFault, ValueError, OverflowError):
            wanted: ClockChange = read_object(ClockChange, json_body(request), "clock")
            moment = clock.now() if wanted.now is None else wanted.now
            require_showable(moment + timedelta(seconds=wanted.advance or 0.0))
        if wanted.frozen:  # first, so that the clock shows exactly what it is set to
            clock.freeze()
        if wanted.now is not None:
            clock.set(wanted.now)
        if wanted.advance is not None:
            clock.advance(timedelta(seconds=wanted.advance))
        if wanted.frozen is False:
            clock.unfreeze()
        return show(request, "")

    answers = {"$ref": "#/components/schemas/Clock"}
    return [
        Operation("GET", "/clock", show, "The time that the clock shows.", answers=answers),
        Operation("PUT", "/clock", change, "Set, advance, freeze.", body=object_schema(ClockChange), answers=answers),
    ]
