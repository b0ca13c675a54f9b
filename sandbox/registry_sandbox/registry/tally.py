"""The tally: what the finished exchanges of every journal add up to. It only grows, whatever is reset or dropped.

A journal keeps what is counted here anyway, so an exchange costs nothing extra when it is noted. It is counted with
many others: when somebody asks, or before the journal drops it.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

BOUNDS_S: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""The upper bounds of the buckets that durations are counted in, in seconds; one more bucket has no bound."""

NONE: Final = "none"
"""Stands for an interaction or a status that an exchange does not have."""

OTHER: Final = "other"
"""Stands for every further combination once there are `COMBINATIONS_AT_MOST`."""

COMBINATIONS_AT_MOST: Final = 1_000

Finished = tuple[Request, Response | None, float]
"""A request, its answer (None if there never was one), and the seconds from the one to the other."""


@dataclass(slots=True)
class Durations:
    """How many durations fell in each bucket, and their sum in seconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0

    def add(self, lasted_s: float) -> None:
        """Count a duration."""
        self.buckets[bisect_left(BOUNDS_S, lasted_s)] += 1
        self.sum_s += lasted_s

    def add_all(self, lasted_s: list[float]) -> None:
        """Count many durations: sorted, they need one look-up for each bucket instead of one for each duration."""
        lasted_s.sort()
        before = 0
        for at, bound_s in enumerate(BOUNDS_S):
            up_to = bisect_right(lasted_s, bound_s, before)
            self.buckets[at] += up_to - before
            before = up_to
        self.buckets[-1] += len(lasted_s) - before
        self.sum_s += sum(lasted_s)


class Tally:
    """Counts of finished exchanges.

    Attributes:
        exchanges: by interaction, status and the effects of faults (`delay+status`; empty without a fault).
        durations: by interaction.
        refusals: by interaction and Spine code.
        dropped: how many exchanges were dropped by journals that have been cleared since.
    """

    def __init__(self) -> None:
        self.exchanges: Counter[tuple[str, ...]] = Counter()
        self.durations: defaultdict[str, Durations] = defaultdict(Durations)
        self.refusals: Counter[tuple[str, ...]] = Counter()
        self.dropped = 0

    def count(self, finished: Iterable[Finished]) -> None:
        """Count exchanges; those that no fault met and nothing refused are the most, so they are counted in groups."""
        plain: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        refused = int(HTTPStatus.BAD_REQUEST)
        for request, response, lasted_s in finished:
            if (
                request.injected is None
                and response is not None
                and response.delivery is None
                and response.lost is None
                and (status := int(response.status)) < refused  # a member of an enumeration takes long to hash
            ):
                plain[request.declared.code, status].append(lasted_s)
            else:
                self._count_one(request, response, lasted_s)
        for (interaction, status), lasted in plain.items():
            _add(self.exchanges, (interaction or NONE, str(status), ""), len(lasted))
            self.durations[interaction or NONE].add_all(lasted)

    def _count_one(self, request: Request, response: Response | None, lasted_s: float) -> None:
        interaction = request.interaction or NONE
        effects = () if request.injected is None else request.injected.effects
        _add(self.exchanges, (interaction, _status(response), "+".join(effects)))
        self.durations[interaction].add(lasted_s)
        if response is not None and response.spine_code:
            _add(self.refusals, (interaction, response.spine_code))


def _status(response: Response | None) -> str:
    """Return the status that the client received."""
    if response is None or (response.sent is not None and not response.sent.head):
        return NONE
    return str(int(response.status))


def _add(counts: Counter[tuple[str, ...]], labels: tuple[str, ...], many: int = 1) -> None:
    """Count, within the bound: a rule may send any status, and whoever sets rules may set many."""
    if labels not in counts and len(counts) >= COMBINATIONS_AT_MOST:
        labels = (OTHER,) * len(labels)
    counts[labels] += many
