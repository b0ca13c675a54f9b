"""What is sent back is what was read, but for the status: elements and extensions that the client does not know, too.

As in the registry itself, no differences are meta, white space, another spelling of an instant and a generated text.
"""

from collections.abc import Iterator

from registry_sandbox.fhir.differences import differences
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.verdict.cancels import version_meant
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, broken, kept, rule, unclear
from registry_sandbox.verdict.seen import Seen

_NAMED_AT_MOST = 8


@rule(
    "what is sent back is what was read, but for the status",
    "must",
    ("7-only-status", "7-same-id", "4-readable"),
    to_exercise="let the client cancel an appointment that it has read, under --vary at best",
)
def what_is_sent_back_is_what_was_read(client: Conversation) -> Iterator[Observation]:
    """Compare each update with the version that the client had received."""
    for put in client.of("update"):
        read = client.read_before(put, version_meant(put)) or client.read_before(put)
        if read is None or put.sent_cut:
            continue
        stored = _received(client, read, put)
        if stored is None:
            yield unclear(
                f"The journal has not the whole answer of exchange {read.number}; --journal-size keeps more.", put
            )
            continue
        changes = _changes(stored, put.sent)
        if changes:
            yield broken(
                f"The PUT differs from what was read: {changes}. Expected another status and nothing else.", read, put
            )
        else:
            yield kept(read, put)


def _received(client: Conversation, read: Seen, put: Seen) -> Resource | None:
    """Return the appointment as it was brought; a 304 brought what an earlier answer had."""
    brought = [(version, each) for version, each in client.deliveries[put.appointment] if each.precedes(put)]
    wanted = next(version for version, each in reversed(brought) if each is read)
    for version, each in reversed(brought):
        found = (one for one in each.received if one.get("id") == put.appointment)
        resource = next(found, None) if version == wanted else None
        if resource is not None:
            return resource
    return None


def _changes(stored: Resource, sent: Resource | None) -> str:
    if sent is None:
        return "it cannot be read as an Appointment"
    ignored = ["meta", "status", *(["text"] if _generated(stored) and _generated(sent) else [])]
    # The values stand in the exchanges: a message names the elements.
    found = [f"{each.path} is {_kind(each.stored, each.sent)}" for each in differences(stored, sent, ignoring=ignored)]
    return ", ".join(found[:_NAMED_AT_MOST]) + (" ..." if len(found) > _NAMED_AT_MOST else "")


def _kind(stored: str, sent: str) -> str:
    if sent == "absent":
        return "missing"
    return "new" if stored == "absent" else "another"


def _generated(resource: Resource) -> bool:
    return "text" not in resource or resource["text"].get("status", "generated") == "generated"
