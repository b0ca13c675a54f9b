"""An unknown outcome of a register is settled before registering again: a search tells whether it was done."""

from collections.abc import Iterator

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import leaves_unknown
from registry_sandbox.verdict.registrations import registered_again, settled_by
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule


@rule(
    "an unknown outcome (500, lost or broken answer) of a register is settled before registering again",
    "should",
    ("unknown-outcome", "8-500"),
    to_exercise="let the client meet the fault register:commit+reset@x1, and register once more",
    provoked_by=leaves_unknown("create"),
)
def an_unknown_outcome_of_a_register_is_settled(client: Conversation) -> Iterator[Observation]:
    """Find a second registration without a search that was answered in between."""
    for lost, again in registered_again(client):
        settled = settled_by(client, lost, again)
        if settled is not None:
            yield kept(lost, settled)
        elif again is not None:
            message = (
                "The outcome of the registration was unknown, and the same appointment was registered again; "
                "expected a search for it in between."
            )
            yield from filter(None, [in_one_run(client, message, lost, again)])
