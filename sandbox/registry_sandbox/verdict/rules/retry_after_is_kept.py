"""Retry-After is kept: nothing is sent again before the time that the answer names, on the machine's clock."""

from collections.abc import Iterator

from registry_sandbox.verdict.attempts import retry_after_s
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import limits
from registry_sandbox.verdict.rule import Observation, in_one_run, kept, rule

_EARLY_S = 0.05  # timers are not exact


@rule(
    "Retry-After is kept",
    "must",
    ("retry-after",),
    to_exercise="let the client meet the fault read:503+retry_after=1@x1, and go on",
    provoked_by=limits,
)
def retry_after_is_kept(client: Conversation) -> Iterator[Observation]:
    """Find retries that came too early."""
    for each in client.attempts:
        for (one, pause), again in zip(each.pauses, each.seen[1:], strict=True):
            wanted = retry_after_s(one)
            if wanted is None or client.evidence.steered(one, again, "clock", "faults"):
                continue
            if pause >= wanted - _EARLY_S:
                yield kept(one, again)
                continue
            message = f"Retry-After asked for {wanted:g} s, and the retry came after {pause:.2f} s; expected to wait."
            yield from filter(None, [in_one_run(client, message, one, again)])
