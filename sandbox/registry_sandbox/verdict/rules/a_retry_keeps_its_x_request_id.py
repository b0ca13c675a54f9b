"""A retry keeps its X-Request-Id, where the client sends any: the server can tell that it is the same request.

What is sent again after a read or a search has told that nothing was done is decided anew: either id is right.
"""

from collections.abc import Iterator
from itertools import pairwise

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import fails
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule
from registry_sandbox.verdict.seen import Seen

_HEADER = "X-Request-Id"
_WRITES = ("create", "update")
_SETTLING = ("read", "vread", "history-instance", "search-type")


@rule(
    "a retry keeps its X-Request-Id, where the client sends any",
    "should",
    ("3-request-id",),
    to_exercise="let a client that sends X-Request-Id meet the fault read:500@x1",
    provoked_by=fails,
)
def a_retry_keeps_its_x_request_id(client: Conversation) -> Iterator[Observation]:
    """Find retries with another one."""
    for each in client.attempts:
        if not each.seen[0].header(_HEADER):
            continue
        changes = [pair for pair in pairwise(each.seen) if pair[0].header(_HEADER) != pair[1].header(_HEADER)]
        if not changes:
            yield kept(*each.seen)
        unsettled = next((pair for pair in changes if not _settled(client, *pair)), None)
        if unsettled is not None:
            message = "The retry had another X-Request-Id, or none; expected that of the attempt before it."
            yield from filter(None, [in_one_run(client, message, *unsettled)])


def _settled(client: Conversation, one: Seen, other: Seen) -> bool:
    """Return whether a good answer between two attempts to write has told what became of the first."""
    between = (each for each in client.between(one, other) if each.interaction in _SETTLING and each.good)
    return one.interaction in _WRITES and any(one.precedes(each) and each.precedes(other) for each in between)
