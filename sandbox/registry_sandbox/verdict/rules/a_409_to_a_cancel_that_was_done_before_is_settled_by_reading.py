"""A 409 to a cancel that was done before is settled by reading: the conflict may be with what the lost answer did."""

from collections.abc import Iterator
from http import HTTPStatus

from registry_sandbox.verdict.cancels import next_update
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import leaves_unknown
from registry_sandbox.verdict.rule import Observation, broken, kept, rule


@rule(
    "a 409 to a cancel that was done before is settled by reading, not given up as a failure",
    "should",
    ("unknown-cancel", "7-current-version"),
    to_exercise="let the client meet the fault cancel:commit+reset@x1, and put again without a read",
    provoked_by=leaves_unknown("update"),
)
def a_409_to_a_cancel_that_was_done_before_is_settled_by_reading(client: Conversation) -> Iterator[Observation]:
    """Find a cancel that was done and whose repetition was refused, with no read afterwards."""
    for lost in client.of("update"):
        if not lost.unknown or lost.exchange.request.written is None:
            continue
        again = next_update(client, lost)
        reads = [each for _, each in client.deliveries.get(lost.appointment, ()) if lost.precedes(each)]
        if reads:
            yield kept(lost, reads[0])
        elif again is not None and again.status == HTTPStatus.CONFLICT:
            yield broken(
                "The first cancel was done though its answer was lost, so the second one met a 409, and nothing was "
                "read after it; expected a read, which shows that the appointment is cancelled.",
                lost,
                again,
            )
