"""The least scope: a Spine token for reading does not ask to write, where the client chooses it."""

from collections.abc import Iterator

from registry_sandbox.auth.spine import READ_SCOPE, WRITE_SCOPE
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, broken, kept, rule
from registry_sandbox.verdict.seen import Seen


@rule(
    "the least scope (Spine mode, where the client chooses it)",
    "should",
    ("2-spine-scope",),
    to_exercise="start with --auth spine, and let the client search or read",
)
def the_least_scope(client: Conversation) -> Iterator[Observation]:
    """Find tokens with the scope to write that only ever read."""
    by_token: dict[str, list[Seen]] = {}
    for seen in client.exchanges:
        if seen.token is not None and seen.token.scope in (READ_SCOPE, WRITE_SCOPE) and seen.interaction:
            by_token.setdefault(seen.token.digest, []).append(seen)
    for used in by_token.values():
        writes = any(each.exchange.request.declared.writes for each in used)
        if writes or (used[0].token is not None and used[0].token.scope == READ_SCOPE):
            yield kept(*used)
        elif all(_tells_that_there_is_work(each) for each in used):
            yield broken(f"A token with the scope {WRITE_SCOPE} only read; expected {READ_SCOPE}.", *used)


def _tells_that_there_is_work(seen: Seen) -> bool:
    """Return False where a client that meant to write had reason not to: nothing is there, or it is done already."""
    if seen.interaction not in ("read", "vread", "search-type", "history-instance"):
        return True
    return seen.good and all(each.get("status") == "booked" for each in seen.received)
