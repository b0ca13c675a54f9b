"""An exchange: a request, its answer, and when and how the two went over the wire."""

from dataclasses import dataclass
from typing import Literal

from registry_sandbox.http.request import Request, State
from registry_sandbox.http.response import Response


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """One exchange, finished or under way.

    Attributes:
        number: counts from 1.
        at_s: when it began on the sandbox's clock, in seconds since the epoch.
        wall_s: when it began on the machine's clock.
        duration_s: from its beginning to its end, or to now.
        first_byte_s: from its beginning to the first byte of the answer; None where none has gone out.
        state: what it waits for; `done` where it is finished.
        request: as it came.
        response: as it was made, whatever reached the client; None where there is none yet, or never was.
        request_bytes: how many bytes the body of the request had, of which the journal may keep fewer.
        response_bytes: likewise for the answer.
    """

    number: int
    at_s: float
    wall_s: float
    duration_s: float
    first_byte_s: float | None
    state: State | Literal["done"]
    request: Request
    response: Response | None
    request_bytes: int
    response_bytes: int

    @property
    def status(self) -> int | None:
        """The status that the client received; None where it received none."""
        if self.response is None:
            return None
        sent = self.response.sent
        return int(self.response.status) if sent is None or sent.head else None

    @property
    def ended(self) -> str:
        """How it ended, as `Sent.ended` has it."""
        if self.state != "done":
            return "under way"
        sent = None if self.response is None else self.response.sent
        if sent is None:
            return "lost" if self.response is None else "whole"
        return "lost" if sent.ended == "under way" else sent.ended

    @property
    def body_bytes(self) -> int:
        """How many bytes of the body went out."""
        if self.response is None:
            return 0
        if self.response.sent is not None:
            return self.response.sent.body_bytes
        return 0 if self.request.method == "HEAD" else self.response_bytes

    @property
    def logical_id(self) -> str:
        """The id of the appointment that it is about; empty where there is none."""
        return self.request.logical_id or (self.request.written.logical_id if self.request.written else "")

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The ids of the fault rules that fired."""
        return self.request.injected.rule_ids if self.request.injected is not None else ()
