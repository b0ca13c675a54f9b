"""A new operation has a new X-Request-Id, where the client sends any."""

from collections.abc import Iterator

from registry_sandbox.verdict.attempts import same_request
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, broken, kept, rule
from registry_sandbox.verdict.seen import Seen

_HEADER = "X-Request-Id"


@rule(
    "a new operation has a new X-Request-Id, where the client sends any",
    "should",
    ("3-request-id",),
    to_exercise="let a client that sends X-Request-Id do two things of a kind",
)
def a_new_operation_has_a_new_x_request_id(client: Conversation) -> Iterator[Observation]:
    """Find two operations of a kind, on different things, with one id."""
    known: dict[tuple[str, str], Seen] = {}
    kinds: set[str] = set()
    for seen in client.exchanges:
        request_id, kind = seen.header(_HEADER), seen.interaction
        if not request_id or not kind:
            continue
        before = known.setdefault((request_id, kind), seen)
        if _target(before) != _target(seen):
            message = f"Two requests ({kind}) for different things have one X-Request-Id; expected one for each."
            yield broken(message, before, seen)
        elif before is seen and kind in kinds:
            yield kept(seen)
        kinds.add(kind)


def _target(seen: Seen) -> tuple[str, ...]:
    # A cancel may have to be sent again with another version: it is the same operation.
    return (seen.appointment,) if seen.interaction == "update" else same_request(seen)
