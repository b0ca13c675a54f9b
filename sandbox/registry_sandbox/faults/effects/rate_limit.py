"""rate_limit: a client that sends too many requests gets 429 with Retry-After, and recovers after the window."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

from registry_sandbox.api.rate_limit import too_many
from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.rate_limiter import EXPECTED, PATTERN, RateLimit, read_rate_limit


class _Limit:
    """A limit such as `5/s`."""

    def read(self, value: Any) -> RateLimit:
        """Return the limit."""
        if not isinstance(value, str):
            raise ValueError(EXPECTED)  # noqa: TRY004 - whatever cannot be used is told alike
        return read_rate_limit(value)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "pattern": f"^{PATTERN}$"}


@dataclass(frozen=True, slots=True)
class LimitRate(Effect):
    """Answers 429 instead of the interaction, for each client beyond the limit.

    Only the exchanges that the rule matches count. The rule fires on those that are refused.
    """

    word: ClassVar[str] = "rate_limit"
    early: ClassVar[bool] = True
    short: ClassVar[str] = "*:rate_limit=5/s"

    rate_limit: Annotated[RateLimit, _Limit()]

    async def before(self, context: FaultContext, activation: Activation) -> Response | None:
        """Count the exchange, and refuse it if it is one too many."""
        wait_s = await context.wait_s(activation, self.rate_limit)
        if not wait_s:
            activation.found_nothing(self)
            return None
        message, headers = too_many(self.rate_limit, wait_s), {"Retry-After": str(wait_s)}
        return context.refuse(HTTPStatus.TOO_MANY_REQUESTS, "throttled", "INTERNAL_SERVER_ERROR", message, headers)
