"""A retry waits: a service that fails has no use for the same request within milliseconds."""

from collections.abc import Iterator

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import keeps_failing
from registry_sandbox.verdict.rule import WHICH_RUN, Observation, broken, kept, rule, unclear

_AT_ONCE_S = 0.02
_RETRIES = 2  # the first one may be at once: HTTP libraries do that where a connection was lost


@rule(
    "a retry waits",
    "should",
    ("backoff",),
    to_exercise="let the client meet a fault that lasts, such as cancel:500@x3",
    provoked_by=keeps_failing,
)
def a_retry_waits(client: Conversation) -> Iterator[Observation]:
    """Find retries that all came at once."""
    for each in client.attempts:
        pauses = each.own_pauses
        if len(pauses) < _RETRIES:
            continue
        if max(pauses) >= _AT_ONCE_S:
            yield kept(*each.seen)
            continue
        message = f"{len(pauses)} retries came within {max(pauses):.3f} s of the failure before; expected a pause."
        yield broken(message, *each.seen) if each.one_run else unclear(f"{message} {WHICH_RUN}", *each.seen)
