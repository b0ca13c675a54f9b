"""drain: the answer is whole, and then the connection is closed, as by a server that is about to stop."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from registry_sandbox.faults.effect import Activation, Effect
from registry_sandbox.faults.kinds import Flag
from registry_sandbox.http.response import Response


@dataclass(frozen=True, slots=True)
class Drain(Effect):
    """Announces `Connection: close` and closes the connection behind the answer.

    Source: RFC 9112 section 9.6.
    """

    word: ClassVar[str] = "drain"
    by_wire: ClassVar[bool] = True
    short: ClassVar[str] = "*:drain"

    drain: Annotated[bool, Flag()]

    def finish(self, activation: Activation, response: Response) -> None:
        """Announce it."""
        del activation
        response.headers["Connection"] = "close"
