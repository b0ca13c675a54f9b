"""The pauses between retries grow, so that many clients together do not keep a service down."""

from collections.abc import Iterator, Sequence

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import keeps_failing
from registry_sandbox.verdict.rule import WHICH_RUN, Observation, broken, kept, rule, unclear

_FEW = 3  # pauses that can only be judged if they are alike
_ENOUGH = 4
_ALIKE, _LONGER = 1.1, 1.25


@rule(
    "the pauses between retries grow",
    "should",
    ("backoff",),
    to_exercise="let the client meet a fault that goes on, such as cancel:500",
    provoked_by=keeps_failing,
)
def the_pauses_between_retries_grow(client: Conversation) -> Iterator[Observation]:
    """Find several retries none of which waited longer than the first."""
    for each in client.attempts:
        pauses = each.own_pauses
        if len(pauses) < _FEW:
            continue
        if not _flat(pauses):
            yield kept(*each.seen)
            continue
        message = f"The pauses before {len(pauses)} retries were {_shown(pauses)}; expected them to grow."
        yield broken(message, *each.seen) if each.one_run else unclear(f"{message} {WHICH_RUN}", *each.seen)


def _flat(pauses: Sequence[float]) -> bool:
    # Pauses that are drawn at random may shrink by chance: few say nothing unless they are all alike.
    if len(pauses) >= _ENOUGH:
        return max(pauses[1:]) <= _LONGER * pauses[0]
    return max(pauses) <= _ALIKE * min(pauses)


def _shown(pauses: Sequence[float]) -> str:
    listed = ", ".join(f"{each:.2f} s" for each in pauses[:6])
    return listed if len(pauses) <= 6 else f"{listed} ..."  # noqa: PLR2004 - as many as are listed
