"""A retry keeps its X-Request-Id, where the client sends any: the server can tell that it is the same request."""

from collections.abc import Iterator

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import fails
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule

_HEADER = "X-Request-Id"


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
        first = each.seen[0]
        if not first.header(_HEADER):
            continue
        other = next((again for again in each.seen if again.header(_HEADER) != first.header(_HEADER)), None)
        if other is None:
            yield kept(*each.seen)
            continue
        message = "The retry had another X-Request-Id, or none; expected that of the first attempt."
        yield from filter(None, [in_one_run(client, message, first, other)])
