"""What is cancelled was read from the registry before: that version of it."""

from collections.abc import Iterator

from registry_sandbox.verdict.cancels import version_meant
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, broken, kept, rule, unclear
from registry_sandbox.verdict.seen import Seen


@rule(
    "what is cancelled was read from the registry before (the page: MUST be retrieved)",
    "must",
    ("7-retrieved",),
    to_exercise="let the client cancel an appointment",
)
def what_is_cancelled_was_read(client: Conversation) -> Iterator[Observation]:
    """Find updates of a version that did not reach the client."""
    for put in client.of("update"):
        version = version_meant(put)
        if not version:
            continue
        read = client.read_before(put, version)
        if read is not None:
            yield kept(read, put)
            continue
        yield _not_read(client, put, version)


def _not_read(client: Conversation, put: Seen, version: str) -> Observation:
    cut = client.lost_in_the_journal(put)
    if cut is not None:
        return unclear(f"The journal has only the beginning of exchange {cut.number}, which may be a read.", put)
    other = client.read_by_another(put, version)
    if other is not None:
        return unclear(
            f"Version {version} was read by another client ({other.client or 'without a name'}); if both are one "
            "program, let it use one client's token for both.",
            other,
            put,
        )
    spoilt = next((each for each in client.about(put.appointment) if each.broken and each.precedes(put)), None)
    if spoilt is not None:
        message = (
            f"Version {version} was to be cancelled, and no good answer had brought it. {spoilt.breakage}; expected "
            "another read before the PUT."
        )
        return broken(message, spoilt, put, looks_back=True)
    message = f"Version {version} was to be cancelled and had not been read; expected a read of it before the PUT."
    return broken(message, put, looks_back=True)
