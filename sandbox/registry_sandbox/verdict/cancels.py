"""Cancels: the updates of one appointment, one after the other, and the versions that they name."""

import re

from registry_sandbox.fhir.etag import versions_named
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.seen import Seen

_MISSPELT = re.compile(r'(?:[Ww]/)?"?([0-9]{1,9})"?')


def next_update(client: Conversation, seen: Seen) -> Seen | None:
    """Return the next update of the same appointment that began once this one was over."""
    updates = (each for each in client.about(seen.appointment) if each.interaction == "update")
    return next((each for each in updates if seen.precedes(each)), None)


def version_meant(seen: Seen) -> str:
    """Return the version id that an If-Match means, misspelt or not; empty where it means none, or several."""
    misspelt = _MISSPELT.fullmatch(seen.if_match)
    named = versions_named(seen.if_match) or ({misspelt[1]} if misspelt else set())
    return next(iter(named)) if len(named) == 1 else ""
