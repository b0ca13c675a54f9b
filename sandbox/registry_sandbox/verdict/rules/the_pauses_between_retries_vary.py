"""The pauses between retries vary, so that clients that failed together do not come again together."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from registry_sandbox.verdict.attempts import Attempts
from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.provoking import keeps_failing
from registry_sandbox.verdict.rule import WHICH_RUN, Observation, broken, kept, rule, unclear

_SHORT_S = 0.05  # so short a pause tells nothing
_TOLERANCE, _TOLERANCE_S = 0.02, 0.003
_COINCIDENCES = 3
_FEWEST = 3  # pauses of which one can follow from the others
_ENOUGH = 4  # pauses of which one would follow from the others, if they had a schedule


@rule(
    "the pauses between retries vary",
    "should",
    ("backoff",),
    to_exercise="let the client meet a fault that goes on, such as cancel:500, twice",
    provoked_by=keeps_failing,
)
def the_pauses_between_retries_vary(client: Conversation) -> Iterator[Observation]:
    """Find pauses that follow one schedule to the millisecond."""
    judged = [each for each in client.attempts if each.own_pauses and min(each.own_pauses) >= _SHORT_S]
    foretold, differ = _compared(judged)
    seen = [one for each in judged for one in each.seen]
    if differ:
        yield kept(*seen)
    elif foretold >= _COINCIDENCES:
        message = "The pauses before the retries follow one schedule exactly; expected a random part in each (jitter)."
        certain = all(each.one_run for each in judged)
        yield broken(message, *seen) if certain else unclear(f"{message} {WHICH_RUN}", *seen)


def _compared(judged: Sequence[Attempts]) -> tuple[int, bool]:
    """Return how often a pause is what another one foretold, and whether any differs from it.

    The third pause of each attempt is compared with the third of the others. If there is only one attempt, pauses that
    do not follow from those before them are taken for ones that differ: we may not know their schedule.
    """
    schedules = [each.own_pauses for each in judged]
    longest = max(map(len, schedules), default=0)
    places = [[each[nth] for each in schedules if len(each) > nth] for nth in range(longest)]
    compared = [same for same in places if len(same) > 1]
    foretold = sum(len(same) - 1 for same in compared) + sum(map(_followed, schedules))
    if compared:
        return foretold, not all(map(_alike, compared))
    return foretold, longest >= _ENOUGH and not foretold


def _followed(pauses: Sequence[float]) -> int:
    """Return how many pauses followed from those before: by one factor, and at the end by one length.

    It is 0 if one of them did not follow, or if there are fewer than three.
    """
    if len(pauses) < _FEWEST:
        return 0
    level = next(nth for nth in range(len(pauses)) if _alike(pauses[nth:]))
    factors = [next_ / one for one, next_ in pairwise(pauses[: level + 1])]
    alike = len(pauses) - 1 - level
    if not factors:
        return alike
    # Factors near 1 are no schedule: pauses of nearly one length have a small random part.
    one_factor = max(factors) - min(factors) <= 2 * _TOLERANCE * max(factors)
    return len(factors) - 1 + alike if one_factor and abs(max(factors) - 1) > 2 * _TOLERANCE else 0


def _alike(pauses: Sequence[float]) -> bool:
    return max(pauses) - min(pauses) <= max(_TOLERANCE * max(pauses), _TOLERANCE_S)
