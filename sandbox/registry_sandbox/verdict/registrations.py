"""Registrations whose outcome the client could not know, and what it did next."""

from collections.abc import Iterator

from registry_sandbox.registry.store import pointers_of
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.seen import Seen

_LOOKING = frozenset({"search-type", "read", "vread", "history-instance"})


def pointer_of(seen: Seen) -> tuple[str, ...]:
    """Return the pointers of what was registered; none where the body cannot be read."""
    return tuple(pointers_of(seen.sent)) if seen.sent is not None else ()


def registered_again(client: Conversation) -> Iterator[tuple[Seen, Seen | None]]:
    """Return each registration of unknown outcome, with the next registration of the same pointer, if there is one."""
    lost: dict[tuple[str, ...], Seen] = {}
    for seen in client.of("create"):
        pointer = pointer_of(seen)
        if not pointer:
            continue
        before = lost.get(pointer)
        if before is not None and before.precedes(seen):
            yield lost.pop(pointer), seen
        if seen.unknown:
            lost[pointer] = seen
    for left in lost.values():
        yield left, None


def settled_by(client: Conversation, lost: Seen, again: Seen | None) -> Seen | None:
    """Return the answered search or read that told a client what became of a registration, if there was one."""
    after = client.after(lost) if again is None else iter(client.between(lost, again))
    looked = (each for each in after if each.interaction in _LOOKING and each.good and lost.precedes(each))
    return next((each for each in looked if again is None or each.precedes(again)), None)
