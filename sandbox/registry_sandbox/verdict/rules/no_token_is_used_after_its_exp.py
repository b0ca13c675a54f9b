"""No token is used after its exp, or after a 403 for expiry.

A client knows the machine's time. Where somebody moved the sandbox's clock, it learns of an expiry by the 403 alone.
"""

from collections.abc import Iterator

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, broken, kept, rule
from registry_sandbox.verdict.seen import Seen
from registry_sandbox.verdict.unchanged import expired

_GRACE_S = 2.0  # what is on its way when the token expires
_SAME_CLOCK_S = 5.0


@rule(
    "no token is used after its `exp`, or after a 403 for expiry",
    "must",
    ("2-token-lifetime", "2-bearer"),
    to_exercise="move the clock by more than an hour between two calls of one run",
)
def no_token_is_used_after_its_exp(client: Conversation) -> Iterator[Observation]:
    """Find requests with a token that the client could know to be expired."""
    issued = {each.issued.digest: each for each in client.of("token") if each.issued is not None}
    first: dict[str, Seen] = {}
    refused: dict[str, Seen] = {}
    ends: dict[str, float | None] = {}
    for seen in client.exchanges:
        token = seen.token
        if token is None or seen.interaction == "token":
            continue
        begun = issued.get(token.digest) or first.setdefault(token.digest, seen)
        told = refused.get(token.digest)
        if told is not None and told.precedes(seen):
            yield broken("The token was refused as expired, and used again; expected a new one.", told, seen)
        elif _is_over(begun, seen):
            yield broken("The token was used after its end; expected a new one.", begun, seen)
        elif any(_ended(other, seen) for digest, other in ends.items() if digest != token.digest):
            yield kept(seen)
        ends[token.digest] = token.expires_s
        if expired(seen) and _ended(token.expires_s, seen):
            refused.setdefault(token.digest, seen)


def _ended(expires_s: float | None, seen: Seen) -> bool:
    return expires_s is not None and seen.exchange.at_s >= expires_s


def _is_over(begun: Seen, seen: Seen) -> bool:
    lasts_s = begun.issued.lifetime_s if begun.issued is not None else None
    if lasts_s is not None:
        return seen.began_s > begun.ended_s + lasts_s + _GRACE_S
    expires_s = seen.token.expires_s if seen.token is not None else None
    # Without an answer of the token endpoint, only a clock that runs with the machine's tells.
    offset, now = (each.exchange.at_s - each.exchange.wall_s for each in (begun, seen))
    if expires_s is None or abs(offset - now) > _SAME_CLOCK_S or begun.exchange.at_s >= expires_s:
        return False
    return seen.exchange.at_s > expires_s + _GRACE_S
