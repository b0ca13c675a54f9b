"""A 4xx is not repeated unchanged.

What has changed since may have mended it: a new token, another header, a write, or a hand on the sandbox. What comes
more than a minute later is taken for another wish, not for a repetition.
"""

from collections.abc import Iterator
from http import HTTPStatus

from registry_sandbox.verdict.attempts import PATIENCE_S
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import refuses
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule
from registry_sandbox.verdict.seen import Seen
from registry_sandbox.verdict.unchanged import expired, mended, unchanged

_ASIDE = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


@rule(
    "a 4xx is not repeated unchanged (409, 429 and a 403 for an expired token aside)",
    "should",
    ("8-4xx",),
    to_exercise="let the client meet a 4xx, such as by the fault read:404 or an NHS number with too few digits",
    provoked_by=refuses,
)
def a_4xx_is_not_repeated_unchanged(client: Conversation) -> Iterator[Observation]:
    """Find the same request after a refusal."""
    refused: dict[tuple[object, ...], Seen] = {}
    for seen in client.exchanges:
        is_refusal = seen.status in _REFUSALS and not expired(seen)
        if not refused and not is_refusal:
            continue
        request = unchanged(seen)
        before = refused.pop(request, None)
        if before is not None and _repeats(client, before, seen):
            message = (
                f"{seen.exchange.request.method} was refused with {before.status} and sent again unchanged; "
                "expected no repetition before the cause is addressed."
            )
            yield from filter(None, [in_one_run(client, message, before, seen)])
        if is_refusal:
            refused[request] = seen
            yield kept(seen)


def _repeats(client: Conversation, before: Seen, seen: Seen) -> bool:
    in_time = before.precedes(seen) and seen.began_s - before.ended_s <= PATIENCE_S
    return in_time and not mended(client, before, seen)


_REFUSALS = frozenset(range(400, 500)) - frozenset(_ASIDE)
