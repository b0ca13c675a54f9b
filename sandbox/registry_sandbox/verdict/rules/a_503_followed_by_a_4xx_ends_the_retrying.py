"""A 503 followed by a 4xx ends the retrying: the service is there again, and says no."""

from collections.abc import Iterator
from http import HTTPStatus

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import answers
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule
from registry_sandbox.verdict.seen import TRANSIENT, Seen
from registry_sandbox.verdict.unchanged import expired, mended, unchanged


@rule(
    "a 503 followed by a 4xx ends the retrying",
    "should",
    ("8-4xx", "backoff"),
    to_exercise="let the client meet the faults cancel:503@#1 and cancel:404@#2",
    provoked_by=answers(HTTPStatus.SERVICE_UNAVAILABLE),
)
def a_503_followed_by_a_4xx_ends_the_retrying(client: Conversation) -> Iterator[Observation]:
    """Find requests that went on after a refusal that ended a retry."""
    for each in client.attempts:
        before, last = each.seen[-2], each.seen[-1]
        if before.status != HTTPStatus.SERVICE_UNAVAILABLE or not _refused(last):
            continue
        again = next((other for other in client.after(last) if _repeats(client, last, other)), None)
        if again is None:
            yield kept(before, last)
            continue
        message = f"After a 503 the retry was refused with {last.status}, and sent again; expected an end."
        yield from filter(None, [in_one_run(client, message, before, last, again)])


def _refused(seen: Seen) -> bool:
    status = seen.status or 0
    refusal = 400 <= status < 500 and status not in TRANSIENT  # noqa: PLR2004 - the class of client errors
    return refusal and status not in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT) and not expired(seen)


def _repeats(client: Conversation, one: Seen, other: Seen) -> bool:
    return one.precedes(other) and unchanged(one) == unchanged(other) and not mended(client, one, other)
