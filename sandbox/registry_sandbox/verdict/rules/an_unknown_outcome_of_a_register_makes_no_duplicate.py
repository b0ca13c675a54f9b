"""An unknown outcome of a register makes no duplicate: what was stored is not registered again."""

from collections.abc import Iterator

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import leaves_unknown
from registry_sandbox.verdict.registrations import registered_again
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule


@rule(
    "an unknown outcome of a register makes no duplicate",
    "must",
    ("4-once", "unknown-outcome"),
    to_exercise="let the client meet the fault register:commit+reset@x1",
    provoked_by=leaves_unknown("create"),
)
def an_unknown_outcome_of_a_register_makes_no_duplicate(client: Conversation) -> Iterator[Observation]:
    """Find a pointer that was stored, and stored again."""
    for lost, again in registered_again(client):
        stored = lost.exchange.request.written
        if stored is None:
            continue
        if again is None or again.exchange.request.written is None:
            yield kept(lost)
            continue
        message = (
            f"The registration was stored as Appointment/{stored.logical_id} though its answer did not say so, and "
            "registered again: the same pointer stands under two ids. Expected a search before registering again."
        )
        yield from filter(None, [in_one_run(client, message, lost, again)])
