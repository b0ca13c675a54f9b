"""What a run prints: how much was done, what was done to the service, what is wrong, what clients saw of a kill."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.replicas.client import Told
from tests.replicas.history import Done, Make, Nowhere, Operation, Unknown
from tests.replicas.rules import Anomaly
from tests.replicas.scene import Injected
from tests.replicas.spread import Spread
from tests.replicas.traffic import WORKSPACES, Traffic

_SHOWN = 10
_AROUND_S = 2.0


@dataclass(frozen=True, slots=True)
class Run:
    """What happened in one run."""

    traffic: Traffic
    injected: Sequence[Injected]
    anomalies: Sequence[Anomaly]
    spread: Spread
    lasted_s: float

    @property
    def operations(self) -> Sequence[Operation]:
        """What the clients did."""
        return self.traffic.record.operations


def show(run: Run) -> bool:
    """Print a run, and return whether nothing is wrong."""
    began = run.operations[0].began
    for line in [*_counts(run), *_trouble(run.injected, began), *_races(run), *_around_kills(run, began)]:
        print(line)
    wrong = [*map(str, run.anomalies), *run.traffic.record.unexpected, *_broken(run)]
    for each in wrong[:_SHOWN]:
        print(f"WRONG {each}")
    print(f"anomalies: {len(run.anomalies)}; promises broken: {len(wrong) - len(run.anomalies)}")
    return not wrong


def _counts(run: Run) -> Iterator[str]:
    kinds = Counter(type(each.action).__name__.lower() for each in run.operations)
    unknown = sum(isinstance(each.outcome, Unknown) for each in run.operations)
    yield f"operations: {len(run.operations)} in {run.lasted_s:.0f} s by {run.traffic.clients} clients and ten racers"
    yield f"    of them {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}"
    yield f"    with an unknown outcome: {unknown}; patients: {run.traffic.patients}"
    for name in WORKSPACES:
        inside = [each for each in run.operations if each.workspace == name]
        lives = sum(isinstance(each.action, Make) and each.outcome == Done() for each in inside)
        nowhere = sum(each.outcome == Nowhere() for each in inside)
        yield f"    in the workspace {name}, which was made {lives} times: {len(inside)}, of which {nowhere} found none"
    yield f"answers: {_counted(run.traffic.record.told)}"
    yield f"requests by replica: {dict(run.spread.requests)}, of {run.spread.connections} connections"


def _trouble(injected: Iterable[Injected], began: float) -> Iterator[str]:
    told = list(injected)
    yield f"faults injected: {len(told)}"
    for each in told:
        yield f"    {each.began - began:5.1f} s  {each.name}"
        yield from (f"             {note}" for note in each.notes)


def _races(run: Run) -> Iterator[str]:
    races = run.traffic.races
    one = sum(each.winners == 1 for each in races)
    lost = sum(each.winners == 0 and each.unknown > 0 for each in races)
    gone = sum(each.winners == 0 and each.unknown == 0 and each.in_vain > 0 for each in races)
    yield f"races of ten for one version: {len(races)}; one winner: {one}"
    yield f"    the winner's answer was lost, or the store was away: {lost}; a reset came between: {gone}"


def _around_kills(run: Run, began: float) -> Iterator[str]:
    for each in run.injected:
        if each.name == "kill a replica":
            yield f"what each client was told from the kill at {each.began - began:.1f} s on, for {_AROUND_S:.0f} s:"
            by_client: dict[str, list[Told]] = defaultdict(list)
            for told in run.traffic.record.told:
                if each.began <= told.ended <= each.began + _AROUND_S:
                    by_client[told.client].append(told)
            for client, heard in sorted(by_client.items()):
                longest = max(told.ended - told.began for told in heard)
                yield f"    {client:<9} {_counted(heard)}; longest wait {longest:.2f} s"


def _counted(told: Iterable[Told]) -> str:
    return ", ".join(f"{count} {answer}" for answer, count in sorted(Counter(each.answer for each in told).items()))


def _broken(run: Run) -> Iterator[str]:
    for each in run.injected:
        yield from (f"{each.name}: {promise}" for promise in each.broken)
    if run.spread.stuck or not run.spread.connections:
        yield f"the balancer sticks: {run.spread.stuck} of {run.spread.connections} connections met one replica alone"
    for race in run.traffic.races:
        if race.winners != 1 and not race.unknown and not race.in_vain:
            yield f"a race for {race.pointer} had {race.winners} winners"
