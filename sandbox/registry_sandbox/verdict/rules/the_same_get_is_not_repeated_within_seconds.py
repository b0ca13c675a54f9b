"""The same GET is not repeated within seconds without need.

There is need after a write of one's own, after an answer that did not tell, before a cancel, and where the answer shows
something new. A conditional GET costs little, and is no finding.
"""

from collections.abc import Iterator
from http import HTTPStatus

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule
from registry_sandbox.verdict.seen import Seen

_SECONDS = 5.0
_CONDITIONS = ("If-None-Match", "If-Modified-Since")
_READING = ("read", "vread", "search-type", "history-instance")


@rule(
    "the same GET is not repeated within seconds without need",
    "should",
    ("thrift",),
    to_exercise="let the client read or search",
)
def the_same_get_is_not_repeated_within_seconds(client: Conversation) -> Iterator[Observation]:
    """Find GETs whose answer the client had already."""
    known: dict[str, Seen] = {}
    for seen in client.of(*_READING):
        form = f"{seen.url} {seen.header('Accept')}"
        before = known.pop(form, None)
        if not seen.good or seen.exchange.request.method != "GET":
            continue
        if before is not None and _without_need(client, before, seen):
            message = (
                f"The same GET came again {seen.began_s - before.ended_s:.1f} s later; expected its answer to serve."
            )
            yield from filter(None, [in_one_run(client, message, before, seen)])
        else:
            yield kept(seen)
        known[form] = seen


def _without_need(client: Conversation, before: Seen, seen: Seen) -> bool:
    if seen.began_s - before.ended_s > _SECONDS or not before.precedes(seen) or _is_conditional(seen):
        return False
    between = client.between(before, seen)
    if any(each.exchange.request.declared.writes or each.failed or not each.finished for each in between):
        return False
    if client.evidence.steered(before, seen) or _is_news(before, seen):
        return False
    return not (_settles(client, before) or _writes_next(client, seen))


def _settles(client: Conversation, before: Seen) -> bool:
    """Return True if the first of the two looked what had become of something: it was not meant for what follows."""
    previous = client.previous(before)
    return previous is not None and previous.failed


def _is_news(before: Seen, seen: Seen) -> bool:
    # A Bundle has an id of its own each time: what counts is what is in it.
    return before.delivered != seen.delivered


def _is_conditional(seen: Seen) -> bool:
    return seen.status == HTTPStatus.NOT_MODIFIED or any(seen.header(name) for name in _CONDITIONS)


def _writes_next(client: Conversation, seen: Seen) -> bool:
    following = next((each for each in client.after(seen) if each.interaction != "token"), None)
    return following is not None and following.exchange.request.declared.writes
