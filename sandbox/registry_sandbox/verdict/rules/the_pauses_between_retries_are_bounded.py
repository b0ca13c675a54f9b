"""The pauses between retries are bounded: what grows without end retries nothing in the end."""

from collections.abc import Iterator

from registry_sandbox.verdict.attempts import PATIENCE_S
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import keeps_failing
from registry_sandbox.verdict.rule import WHICH_RUN, Observation, broken, kept, rule, unclear

_RETRIES = 2  # a single pause has no course


@rule(
    "the pauses between retries are bounded",
    "should",
    ("backoff",),
    to_exercise="let the client meet a fault that goes on, such as cancel:500",
    provoked_by=keeps_failing,
)
def the_pauses_between_retries_are_bounded(client: Conversation) -> Iterator[Observation]:
    """Find retries after longer than a minute that no Retry-After has asked for."""
    for each in client.attempts:
        pauses = each.own_pauses
        if len(pauses) < _RETRIES:
            continue
        if max(pauses) <= PATIENCE_S:
            yield kept(*each.seen)
            continue
        message = f"A retry came {max(pauses):.0f} s after the failure; expected at most about a minute, or an end."
        yield broken(message, *each.seen) if each.one_run else unclear(f"{message} {WHICH_RUN}", *each.seen)
