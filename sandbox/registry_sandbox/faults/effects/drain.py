"""drain: the answer is whole, and then the connection is closed, as by a server that is about to stop."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from registry_sandbox.faults.effect import Activation, Effect, Sleep
from registry_sandbox.faults.kinds import Flag
from registry_sandbox.http.response import Response, Wire


@dataclass(frozen=True, slots=True)
class Drain(Effect):
    """Announces `Connection: close` and closes the connection behind the answer.

    Source: RFC 9112 section 9.6.
    """

    word: ClassVar[str] = "drain"
    needs_body: ClassVar[bool | None] = False
    short: ClassVar[str] = "*:drain"

    drain: Annotated[bool, Flag()]

    def finish(self, activation: Activation, response: Response) -> None:
        """Announce it."""
        del activation
        response.headers["Connection"] = "close"

    def paced(self, wire: Wire, sleep: Sleep, longest_s: float) -> Wire:
        """Send by the wire, which keeps what the header says."""
        del sleep, longest_s
        return wire
