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
    coincidences, differ = _compared(judged)
    seen = [one for each in judged for one in each.seen]
    if differ:
        yield kept(*seen)
    elif coincidences >= _COINCIDENCES:
        message = "The pauses before the retries follow one schedule exactly; expected a random part in each (jitter)."
        certain = all(each.one_run for each in judged)
        yield broken(message, *seen) if certain else unclear(f"{message} {WHICH_RUN}", *seen)


def _compared(judged: Sequence[Attempts]) -> tuple[int, bool]:
    """Return how often two pauses that could differ are alike, and whether any two differ."""
    coincidences, differ = 0, False
    schedules = [each.own_pauses for each in judged]
    for nth in range(max(map(len, schedules), default=0)):
        same = [each[nth] for each in schedules if len(each) > nth]
        alike = _alike(same)
        coincidences += len(same) - 1 if alike else 0
        differ = differ or not alike
    growths = [_growth(each) for each in schedules]
    return coincidences + sum(growths), differ or any(
        len(each) > _COINCIDENCES and not _growth(each) for each in schedules
    )


def _growth(pauses: Sequence[float]) -> int:
    """Return how often a pause followed from those before, by one length or one factor; 0 if one ever did not."""
    factors = [next_ / one for one, next_ in pairwise(pauses)]
    if len(factors) <= 1:
        return 0
    if _alike(pauses):
        return len(factors)
    # Factors near 1 are no schedule: pauses of nearly one length have a small random part.
    one_factor = max(factors) - min(factors) <= 2 * _TOLERANCE * max(factors)
    return len(factors) - 1 if one_factor and abs(max(factors) - 1) > 2 * _TOLERANCE else 0


def _alike(pauses: Sequence[float]) -> bool:
    return max(pauses) - min(pauses) <= max(_TOLERANCE * max(pauses), _TOLERANCE_S)
