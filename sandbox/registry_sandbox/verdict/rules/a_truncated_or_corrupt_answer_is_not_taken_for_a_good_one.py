"""A truncated or corrupt answer is not taken for a good one: nothing is updated from it."""

from collections.abc import Iterator

from registry_sandbox.verdict.cancels import version_meant
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import spoils
from registry_sandbox.verdict.rule import Observation, broken, kept, rule

_READING = ("read", "vread", "search-type", "history-instance", "create", "update")


@rule(
    "a truncated or corrupt answer is not taken for a good one",
    "must",
    ("incomplete-answer",),
    to_exercise="let the client meet the fault read:cut=200@x1 before it cancels",
    provoked_by=spoils,
)
def a_truncated_or_corrupt_answer_is_not_taken_for_a_good_one(client: Conversation) -> Iterator[Observation]:
    """Find updates of a version that only a broken answer had brought."""
    for spoilt in client.of(*_READING):
        if not spoilt.broken or spoilt.exchange.request.method == "HEAD":
            continue
        put = next(
            (each for each in client.after(spoilt) if each.interaction == "update" and spoilt.precedes(each)), None
        )
        about = "" if put is None else put.appointment
        if put is None or about != (spoilt.appointment or about) or not version_meant(put):
            yield kept(spoilt)
        elif client.read_before(put, version_meant(put)) is not None:
            yield kept(spoilt, put)
        else:
            message = (
                f"{spoilt.breakage}, and an update was made from it; expected it to be refused, and asked for again."
            )
            yield broken(message, spoilt, put, looks_back=True)
