"""An unknown outcome of a cancel is settled by reading, before anything is put again."""

from collections.abc import Iterator

from registry_sandbox.verdict.cancels import next_update
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import leaves_unknown
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule


@rule(
    "an unknown outcome of a cancel is settled by reading",
    "should",
    ("unknown-cancel", "8-500"),
    to_exercise="let the client meet the fault cancel:commit+reset@x1",
    provoked_by=leaves_unknown("update"),
)
def an_unknown_outcome_of_a_cancel_is_settled_by_reading(client: Conversation) -> Iterator[Observation]:
    """Find a second PUT without a read in between."""
    for lost in client.of("update"):
        if not lost.unknown:
            continue
        again = next_update(client, lost)
        read = next((each for _, each in client.deliveries.get(lost.appointment, ()) if lost.precedes(each)), None)
        if read is not None and (again is None or read.precedes(again)):
            yield kept(lost, read)
        elif again is not None:
            message = "The outcome of the cancel was unknown, and it was sent again; expected a read in between."
            yield from filter(None, [in_one_run(client, message, lost, again)])
