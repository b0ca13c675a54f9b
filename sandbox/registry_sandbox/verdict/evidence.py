"""The evidence of a verdict, as values: exchanges, versions, what was done to the sandbox, and the faults that wait."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from registry_sandbox.registry.version import Version
from registry_sandbox.verdict.seen import Seen
from registry_sandbox.verdict.steering import Step


@dataclass(frozen=True, slots=True)
class Unfired:
    """A fault that was set and has not fired yet.

    Attributes:
        id: of its rule.
        interactions: those that it is about.
        words: of its effects.
        status: the status that it answers; None where it answers none.
        times: how often it may fire; None where there is no end.
    """

    id: str
    interactions: frozenset[str]
    words: frozenset[str]
    status: int | None = None
    times: int | None = None


@dataclass(frozen=True)
class Evidence:
    """What there is to judge.

    Attributes:
        exchanges: in the order in which they began.
        versions: of the appointments that the exchanges name, oldest first.
        steps: what was done to the sandbox between them.
        unfired: the faults that were set and have not fired.
        dropped: how many exchanges before these the journal does not have any more.
        told: ids that clients know from elsewhere: those of an exam's task.
        runs: the number with which each run of the clients begins; empty where nobody said.
        turned_away: how many connections ended without a request, because the server's certificate was bad on purpose.
    """

    exchanges: Sequence[Seen]
    versions: Mapping[str, Sequence[Version]] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    unfired: Sequence[Unfired] = ()
    dropped: int = 0
    told: frozenset[str] = frozenset()
    runs: tuple[int, ...] = ()
    turned_away: int = 0

    @cached_property
    def patients(self) -> frozenset[str]:
        """The NHS numbers of the appointments."""
        return frozenset(patient for history in self.versions.values() for each in history for patient in each.patients)

    @cached_property
    def writes(self) -> Sequence[int]:
        """The numbers of the exchanges that stored a version."""
        return tuple(each.number for each in self.exchanges if each.exchange.request.written is not None)

    def steered(self, one: Seen, other: Seen, *nouns: str) -> bool:
        """Return True if something was done to the sandbox between two exchanges; `nouns` says what (default: any)."""
        between = (each for each in self.steps if one.number <= each.after < other.number)
        return any(not nouns or each.noun in nouns for each in between)

    @cached_property
    def deliveries(self) -> Mapping[str, Sequence[tuple[str, Seen]]]:
        """The versions of each appointment that reached any client, with the exchange that brought them."""
        return delivered(self.exchanges)


def delivered(exchanges: Iterable[Seen]) -> dict[str, list[tuple[str, Seen]]]:
    """Return the versions of each appointment that the answers brought, each with its exchange, in order."""
    brought: dict[str, list[tuple[str, Seen]]] = {}
    for each in exchanges:
        for logical_id, version_id in each.delivered:
            brought.setdefault(logical_id, []).append((version_id, each))
    return brought
