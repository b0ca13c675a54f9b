"""A 409 is followed by a read before the next PUT, whose If-Match comes from that read.

A read is whatever brings a version: a read, vread, history, an entry of a search, a 304, the body of a 200 or 201.
"""

from collections.abc import Iterator
from http import HTTPStatus

from registry_sandbox.fhir.etag import versions_named
from registry_sandbox.verdict.cancels import next_update
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import conflicts
from registry_sandbox.verdict.rule import Observation, broken, kept, rule, unclear


@rule(
    "a 409 is followed by a read before the next PUT, whose If-Match comes from that read",
    "must",
    ("7-current-version",),
    to_exercise="let the client meet the fault cancel:race=bump@x1",
    provoked_by=conflicts,
)
def a_409_is_followed_by_a_read(client: Conversation) -> Iterator[Observation]:
    """Find a PUT after a conflict whose version was not read after it."""
    for refused in client.of("update"):
        again = next_update(client, refused) if refused.status == HTTPStatus.CONFLICT else None
        named = versions_named(refused.if_match)
        if again is None or not named or not again.if_match:  # a misspelt If-Match is mended without a read
            continue
        brought = client.read_between(refused, again)
        fitting = next((read for version, read in brought if version in versions_named(again.if_match)), None)
        cut = client.lost_in_the_journal(again)
        if fitting is not None:
            yield kept(refused, fitting, again)
        elif cut is not None and refused.precedes(cut):
            yield unclear(
                f"The journal has only the beginning of exchange {cut.number}, which may be a read.", refused, again
            )
        elif brought:
            read = brought[-1]
            message = (
                f"After the 409, version {read[0]} was read, and the next PUT has If-Match {again.if_match[:40]}; "
                "expected the version that was read."
            )
            yield broken(message, refused, read[1], again)
        else:
            yield broken("After the 409 the next PUT came without a read; expected a read before it.", refused, again)
