"""Every update carries If-Match, with a version: without one it would overwrite what others wrote."""

from collections.abc import Iterator

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, broken, kept, rule


@rule(
    "every update carries If-Match",
    "must",
    ("7-if-match",),
    to_exercise="let the client cancel an appointment",
)
def every_update_carries_if_match(client: Conversation) -> Iterator[Observation]:
    """Find updates without one."""
    for put in client.of("update"):
        if put.if_match in ("", "*"):
            found = "If-Match: *, which guards nothing" if put.if_match else "no If-Match"
            yield broken(f'The PUT had {found}; expected the version that was read, such as W/"1".', put)
        else:
            yield kept(put)
