"""Metadata is read once, not before every call, within one run of a client."""

from collections.abc import Iterator

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule
from registry_sandbox.verdict.seen import Seen

_AGAIN_AFTER_S = 3600.0


@rule(
    "metadata is read once, not before every call",
    "should",
    ("thrift", "9-metadata"),
    to_exercise="let the client read the CapabilityStatement, and call the registry after it",
)
def metadata_is_read_once(client: Conversation) -> Iterator[Observation]:
    """Find a second reading within the hour."""
    known: dict[str, Seen] = {}
    for seen in client.of("capabilities"):
        form = f"{seen.url} {seen.header('Accept')}"
        before = known.get(form)
        if before is not None and before.precedes(seen) and seen.began_s - before.ended_s < _AGAIN_AFTER_S:
            message = "The CapabilityStatement was read again; expected it to be kept for a while."
            yield from filter(None, [in_one_run(client, message, before, seen)])
        elif seen.good and next(client.after(seen), None) is not None:
            yield kept(seen)
        if seen.good:
            known[form] = seen
