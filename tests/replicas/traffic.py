"""What the clients do: many operations on few patients at a time, and races of ten for one version.

Most of it in the workspace without a name, and some in two others, which are made and ended meanwhile.
"""

import asyncio
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from tests.replicas.client import Client, Record, Tokens, end, make
from tests.replicas.history import (
    Absent,
    Action,
    Done,
    End,
    Entry,
    Gone,
    Operation,
    Outcome,
    Reset,
    Taken,
    Unchangeable,
    Unknown,
)
from tests.replicas.place import Place

_RACERS = 10
_BETWEEN_RACES_S = 0.2
WORKSPACES: Final = ("north", "south")
"""Those that have a name; they are made and ended all the time."""

_CLIENTS_EACH = 3
_BETWEEN_OPERATIONS_S = 0.01
_LIVES_S = (0.3, 1.5)


@dataclass(frozen=True, slots=True)
class Race:
    """Ten updates at once of one version: how many were done, may have been, or found nothing to update."""

    pointer: str
    winners: int
    unknown: int
    in_vain: int


@dataclass(slots=True)
class Traffic:
    """The clients of one run, what they know together, and the races that were run."""

    port: int
    seed: int
    clients: int
    record: Record = field(default_factory=Record)
    races: list[Race] = field(default_factory=list)
    over: bool = False
    _tokens: dict[str, Tokens] = field(init=False)
    _first: Place = field(init=False)
    _others: Sequence[Place] = field(init=False)

    def __post_init__(self) -> None:
        names = count(1)
        self._first, *self._others = (Place(workspace, names) for workspace in ("", *WORKSPACES))
        self._tokens = {each: Tokens(self.port, each) for each in ("", *WORKSPACES)}

    @property
    def patients(self) -> int:
        """How many there were."""
        return sum(len(each.patients) for each in (self._first, *self._others))

    async def run(self) -> None:
        """Let all clients work until it is over."""
        async with asyncio.TaskGroup() as tasks:
            for place, clients in ((self._first, self.clients), *((each, _CLIENTS_EACH) for each in self._others)):
                for number in range(clients):
                    name = f"{place.workspace}{number}"
                    tasks.create_task(self._work(place, name, random.Random(f"{self.seed}/{name}")))
            for place in self._others:
                tasks.create_task(self._make_and_end(place, random.Random(f"{self.seed}/{place.workspace}")))
            tasks.create_task(self._race_again_and_again())

    async def look_at_everything(self) -> None:
        """Read every appointment and search for every patient, once all is quiet: nothing may be missing."""
        async with asyncio.TaskGroup() as tasks:
            for place in (self._first, *self._others):
                looks = place.looks()
                for number in range(self.clients):
                    client = self._client(f"{place.workspace}last-{number}", place.workspace)
                    tasks.create_task(self._look(client, looks[number :: self.clients]))

    def begin_anew(self) -> None:
        """Turn to new patients, as after a reset."""
        self._first.begin_anew()

    def note_emptied(self, began: float, ended: float) -> None:
        """Record that the store was emptied: the registry begins anew, and other workspaces are gone."""
        self.record.operations.append(Operation("store", began, ended, Reset(), Done()))
        for each in WORKSPACES:
            self.record.operations.append(Operation("store", began, ended, End(), Gone(), each))
        self.begin_anew()

    def _client(self, name: str, workspace: str = "") -> Client:
        return Client(name, self.port, self._tokens[workspace], self.record, workspace)

    async def _look(self, client: Client, looks: Iterable[Action]) -> None:
        for action in looks:
            while await client.perform(action) is None:
                pass
        client.close()

    async def _work(self, place: Place, name: str, chance: random.Random) -> None:
        client = self._client(name, place.workspace)
        while not self.over:
            patient = place.patient(chance)
            action = place.next(patient, chance)
            patient.learn(action, await client.perform(action, patient.number))
            if place.workspace:  # the others are there to be used while they come and go, not to add load
                await asyncio.sleep(_BETWEEN_OPERATIONS_S)
        client.close()

    async def _make_and_end(self, place: Place, chance: random.Random) -> None:
        """Make a workspace and end it, again and again, two at a time: one of them does it. In the end it is there."""
        makers = [f"{place.workspace}-maker-{number}" for number in range(2)]
        while not self.over:
            await asyncio.gather(*(make(self.port, self.record, place.workspace, each) for each in makers))
            await asyncio.sleep(chance.uniform(*_LIVES_S))
            await asyncio.gather(*(end(self.port, self.record, place.workspace, each) for each in makers))
            if chance.random() < 0.5:  # else clients go on with what they knew: others have the same ids now
                place.begin_anew()
        made: Outcome | None = None
        while made not in {Done(), Taken()}:
            made = await make(self.port, self.record, place.workspace, makers[0])

    async def _race_again_and_again(self) -> None:
        racers = [self._client(f"racer-{number}") for number in range(_RACERS)]
        place = self._first
        while not self.over:
            patient = place.new_patient(to_race_for=True)
            register = place.register(patient)
            patient.learn(register, await racers[0].perform(register, patient.number))
            for entry in patient.known.values():
                updates = [racer.perform(place.update(entry, 1), patient.number) for racer in racers]
                self._note_race(entry, await asyncio.gather(*updates))
            await asyncio.sleep(_BETWEEN_RACES_S)
        for racer in racers:
            racer.close()

    def _note_race(self, entry: Entry, outcomes: Iterable[Outcome | None]) -> None:
        ended = list(outcomes)
        in_vain = ended.count(Absent()) + ended.count(Unchangeable())
        unknown = ended.count(Unknown()) + ended.count(None)
        self.races.append(Race(entry.pointer, ended.count(Done()), unknown, in_vain))
