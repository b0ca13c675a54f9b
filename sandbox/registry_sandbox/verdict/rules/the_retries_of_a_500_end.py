"""The retries of a 500 end. It may be retried; not retrying is never a finding."""

from collections.abc import Iterator

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import fails
from registry_sandbox.verdict.rule import WHICH_RUN, Observation, broken, kept, rule, unclear

_AT_MOST = 10


@rule(
    "the retries of a 500 end (it MAY be retried: not retrying is never a finding)",
    "should",
    ("backoff", "8-500"),
    to_exercise="let the client meet a fault that goes on, such as cancel:500",
    provoked_by=fails,
)
def the_retries_of_a_500_end(client: Conversation) -> Iterator[Observation]:
    """Find requests that were sent too often."""
    for each in client.attempts:
        tried, first, last = len(each.seen), each.seen[0], each.seen[-1]
        if tried <= _AT_MOST:
            yield kept(*each.seen)
            continue
        message = f"{first.exchange.request.method} was sent {tried} times; expected an end after {_AT_MOST} at most."
        yield broken(message, *each.seen) if each.one_run else unclear(f"{message} {WHICH_RUN}", first, last)
