"""cut: the connection ends, by FIN or RST, before the body has reached its Content-Length."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from registry_sandbox.faults.effect import Effect, Sleep
from registry_sandbox.faults.kinds import Whole
from registry_sandbox.http.response import Response, Wire


@dataclass(frozen=True, slots=True)
class Cut(Effect):
    """Sends `bytes` of the body, but never all of it, then ends the connection."""

    word: ClassVar[str] = "cut"
    terminal: ClassVar[bool] = True
    cuts_answer: ClassVar[bool] = True
    needs_body: ClassVar[bool] = True
    short: ClassVar[str] = "search:cut=200/rst"

    bytes: Annotated[int, Whole(0, 2**31)]
    end: Literal["fin", "rst"] = "fin"

    async def deliver(self, response: Response, wire: Wire, sleep: Sleep, longest_s: float) -> None:
        """Send the head with the Content-Length of the whole body, then a part of the body."""
        del sleep, longest_s
        await wire.head(response)
        part = response.body[: min(self.bytes, max(len(response.body) - 1, 0))]
        if part:
            await wire.body(part)
        if self.end == "rst":
            await wire.reset()
        else:
            await wire.close()
