"""The exchanges of one client, as the rules look at them: in order, by appointment, and by run of its program.

A run is one process of the client. Who drives a client can say where runs begin. Otherwise exchanges belong to one run
if they came on one connection or carried one token; of others nobody can tell, and what depends on it is unclear.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from registry_sandbox.verdict.attempts import Attempts, attempts
from registry_sandbox.verdict.evidence import Evidence, delivered
from registry_sandbox.verdict.seen import Seen


@dataclass(frozen=True, eq=False)
class Conversation:
    """What one client said and heard.

    Attributes:
        client: its name.
        exchanges: its exchanges, in order.
        evidence: everything, for what depends on others.
    """

    client: str
    exchanges: Sequence[Seen]
    evidence: Evidence

    @cached_property
    def _by_interaction(self) -> dict[str, list[Seen]]:
        return _grouped(self.exchanges, lambda each: each.interaction)

    @cached_property
    def _by_appointment(self) -> dict[str, list[Seen]]:
        return _grouped(self.exchanges, lambda each: each.appointment)

    def of(self, *interactions: str) -> Sequence[Seen]:
        """Return the exchanges of these interactions, in order."""
        if len(interactions) == 1:
            return self._by_interaction.get(interactions[0], ())
        found = [each for name in interactions for each in self._by_interaction.get(name, ())]
        return sorted(found, key=lambda each: each.number)

    def about(self, appointment: str) -> Sequence[Seen]:
        """Return the exchanges whose URL names an appointment, or that created it."""
        return self._by_appointment.get(appointment, ())

    @cached_property
    def attempts(self) -> Sequence[Attempts]:
        """The requests that were sent again after they had failed, with their retries."""
        return tuple(attempts(self.exchanges, self.one_run))

    @cached_property
    def deliveries(self) -> dict[str, list[tuple[str, Seen]]]:
        """The versions of each appointment that reached the client, with the exchange that brought them."""
        return delivered(self.exchanges)

    def read_before(self, other: Seen, version_id: str | None = None) -> Seen | None:
        """Return the last exchange before another one that brought a version of its appointment, or this version."""
        for brought, each in reversed(self.deliveries.get(other.appointment, ())):
            if version_id in (None, brought) and each.precedes(other):
                return each
        return None

    def read_by_another(self, other: Seen, version_id: str) -> Seen | None:
        """Return an exchange of another client, with the same `User-Agent`, that brought this version before."""
        agent, number = other.header("User-Agent"), other.number
        for brought, each in self.evidence.deliveries.get(other.appointment, ()):
            same_program = agent and each.header("User-Agent") == agent and each.client != other.client
            if same_program and brought == version_id and each.number < number:
                return each
        return None

    def read_between(self, one: Seen, other: Seen) -> Sequence[tuple[str, Seen]]:
        """Return the versions of the second exchange's appointment that came between two exchanges."""
        brought = self.deliveries.get(other.appointment, ())
        return [(version, each) for version, each in brought if one.precedes(each) and each.precedes(other)]

    def lost_in_the_journal(self, other: Seen) -> Seen | None:
        """Return an answer before another exchange that the journal has not whole: it may have been a read."""
        return next((each for each in self._cut if each.precedes(other)), None)

    @cached_property
    def _cut(self) -> Sequence[Seen]:
        return [each for each in self.of("search-type", "history-instance", "create", "update") if each.answer_cut]

    def after(self, one: Seen) -> Iterator[Seen]:
        """Return the exchanges that began after one, in order."""
        at = bisect_right(self._numbers, one.number)
        return iter(self.exchanges[at:])

    def previous(self, one: Seen) -> Seen | None:
        """Return the exchange that began before one, if there is one."""
        at = bisect_right(self._numbers, one.number) - 1
        return self.exchanges[at - 1] if at > 0 else None

    def between(self, one: Seen, other: Seen) -> Sequence[Seen]:
        """Return the exchanges that began between two, in order."""
        begin, end = bisect_right(self._numbers, one.number), bisect_right(self._numbers, other.number)
        return self.exchanges[begin : max(end - 1, begin)]

    @cached_property
    def _numbers(self) -> list[int]:
        return [each.number for each in self.exchanges]

    def one_run(self, one: Seen, other: Seen) -> bool | None:
        """Return whether two exchanges are of one run of the client; None where nobody can tell."""
        runs = self.evidence.runs
        if runs:
            return bisect_right(runs, one.number) == bisect_right(runs, other.number)
        return True if self._run_of[one.number] == self._run_of[other.number] else None

    @cached_property
    def _run_of(self) -> dict[int, object]:
        """The run of each exchange, as far as connections and tokens tell; a union of what they link."""
        parents: dict[object, object] = {}

        def root(key: object) -> object:
            while parents.setdefault(key, key) != key:
                parents[key] = parents[parents[key]]
                key = parents[key]
            return key

        for each in self.exchanges:
            for key in _links(each):
                parents[root(key)] = root(each.number)
        return {each.number: root(each.number) for each in self.exchanges}


def _links(each: Seen) -> Iterator[object]:
    connection = each.exchange.request.facts.connection
    if connection and not any(name in each.exchange.request.headers for name in _OF_A_PROXY):
        yield "connection", connection
    for token in (each.token, each.issued):
        if token is not None:
            yield "token", token.digest


_OF_A_PROXY = ("Via", "Forwarded", "X-Forwarded-For")  # its connections are not the client's


def _grouped(exchanges: Sequence[Seen], key: Callable[[Seen], str]) -> dict[str, list[Seen]]:
    groups: dict[str, list[Seen]] = {}
    for each in exchanges:
        groups.setdefault(key(each), []).append(each)
    return groups
