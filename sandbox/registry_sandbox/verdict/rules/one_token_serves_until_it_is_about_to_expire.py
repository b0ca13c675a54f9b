"""One token serves until it is about to expire: no new one for every call, within one run of a client."""

from collections.abc import Iterator
from http import HTTPStatus

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule
from registry_sandbox.verdict.seen import Seen
from registry_sandbox.verdict.tokens import DEFAULT_LIFETIME_S

_MARGIN_S = 300.0


@rule(
    "one token serves until it is about to expire",
    "should",
    ("token-reuse", "2-token-request"),
    to_exercise="let the client ask the token endpoint for its token, and call the registry twice in one run",
)
def one_token_serves_until_it_is_about_to_expire(client: Conversation) -> Iterator[Observation]:
    """Find requests for a token while another one was good."""
    last: Seen | None = None
    served = 0
    for seen in client.exchanges:
        if seen.interaction != "token":
            served += seen.token is not None and last is not None and _is_of(seen, last)
            refused = seen.status == HTTPStatus.FORBIDDEN
            last = None if refused else last
            continue
        if not seen.good or seen.issued is None:
            continue
        if last is not None and _serves_still(client, last, seen):
            message = "Another token was asked for while the one before was good; expected it to be used again."
            yield from filter(None, [in_one_run(client, message, last, seen)])
        elif served > 1 and last is not None:
            yield kept(last)
        last, served = seen, 0
    if served > 1 and last is not None:
        yield kept(last)


def _is_of(seen: Seen, issue: Seen) -> bool:
    return seen.token is not None and issue.issued is not None and seen.token.digest == issue.issued.digest


def _serves_still(client: Conversation, last: Seen, seen: Seen) -> bool:
    if last.exchange.request.body != seen.exchange.request.body or client.evidence.steered(last, seen, "keys", "clock"):
        return False
    lifetime_s = (last.issued.lifetime_s if last.issued is not None else None) or DEFAULT_LIFETIME_S
    left_s = last.ended_s + lifetime_s - seen.began_s
    return left_s > max(_MARGIN_S, lifetime_s / 2)
