"""token: the token endpoint hands out a token that is of no use."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.match import TOKEN

_EXPIRED_FOR_S = 60


@dataclass(frozen=True, slots=True)
class Token(Effect):
    """`expired`: the token is signed and complete, and expired a minute ago, while the answer says 3600 as ever."""

    word: ClassVar[str] = "token"
    only: ClassVar[frozenset[str]] = frozenset({TOKEN})
    short: ClassVar[str] = "token:token=expired"

    token: Literal["expired"]

    async def before(self, context: FaultContext, activation: Activation) -> None:
        """Say how long the token shall be good for."""
        del activation
        context.token_lifetime_s = -_EXPIRED_FOR_S
