"""token: the token endpoint issues a token that cannot be used."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Literal

from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.match import TOKEN
from registry_sandbox.http.response import Response

_EXPIRED_FOR_S = 60


@dataclass(frozen=True, slots=True)
class Token(Effect):
    """Issues a token that expired a minute ago, signed and complete; the answer still says 3600 seconds."""

    word: ClassVar[str] = "token"
    only: ClassVar[frozenset[str]] = frozenset({TOKEN})
    short: ClassVar[str] = "token:token=expired"

    token: Literal["expired"]

    async def before(self, context: FaultContext, activation: Activation) -> None:
        """Set the token's lifetime."""
        del activation
        context.token_lifetime_s = -_EXPIRED_FOR_S

    async def after(self, context: FaultContext, activation: Activation, response: Response) -> Response:
        """Pass the answer on; a refused request got no token."""
        del context
        if response.status != HTTPStatus.OK:
            activation.found_nothing(self)
        return response
