"""stale: a read answers an older version, like a replica that lags behind."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, ClassVar

from registry_sandbox.api.responses import read_answer
from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.kinds import Whole
from registry_sandbox.http.response import Response


@dataclass(frozen=True, slots=True)
class Stale(Effect):
    """Answers the version `stale` versions before the current one, or the first if there are fewer."""

    word: ClassVar[str] = "stale"
    only: ClassVar[frozenset[str]] = frozenset({"read"})
    short: ClassVar[str] = "read:stale=1"

    stale: Annotated[int, Whole(1, 10**6)]

    async def after(self, context: FaultContext, activation: Activation, response: Response) -> Response:
        """Return the answer with the older version."""
        request, registry = context.request, context.service.registry
        found = request.resource_type == "Appointment" and request.logical_id in registry
        history = registry.history(request.logical_id) if found else ()
        if len(history) <= 1 or response.status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            activation.found_nothing(self)
            return response
        return read_answer(request, history[max(len(history) - 1 - self.stale, 0)])
