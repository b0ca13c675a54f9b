"""What the clients do: many operations on few patients at a time, and races of ten for one version."""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

from tests.replicas.client import Client, Record, Tokens
from tests.replicas.history import (
    Absent,
    Action,
    Done,
    Entry,
    Found,
    Outcome,
    Read,
    Register,
    Registered,
    Search,
    Unchangeable,
    Unknown,
    Update,
)

_AT_A_TIME = 4
_APPOINTMENTS_EACH = 6
_OPERATIONS_EACH = 60
_RACERS = 10
_BETWEEN_RACES_S = 0.2


@dataclass(slots=True)
class Patient:
    """A patient whose appointments some clients change at the same time.

    Attributes:
        known: what clients have seen of each appointment, by its pointer.
    """

    number: str
    known: dict[str, Entry] = field(default_factory=dict)
    proposed: int = 0
    operations: int = 0

    def learn(self, action: Action, outcome: Outcome | None) -> None:
        """Remember what an answer says."""
        match action, outcome:
            case Register(_, pointer), Registered(name):
                self.known[pointer] = Entry(name, pointer, 1)
            case ((Read() | Search()), Found(entries)):
                self.known |= {entry.pointer: entry for entry in entries}


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
    patients: list[Patient] = field(default_factory=list)
    _tokens: Tokens = field(init=False)
    _names: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self._tokens = Tokens(self.port)

    async def run(self) -> None:
        """Let all clients work until it is over."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(self.clients):
                tasks.create_task(self._work(self.client(f"{number}"), random.Random(f"{self.seed}/{number}")))
            tasks.create_task(self._race_again_and_again())

    async def look_at_everything(self) -> None:
        """Read every appointment and search for every patient, once all is quiet: nothing may be missing."""
        known = {entry.id for patient in self.patients for entry in patient.known.values()}
        looks: list[Action] = [*map(Read, known), *(Search(each.number) for each in self.patients)]
        async with asyncio.TaskGroup() as tasks:
            for number in range(self.clients):
                tasks.create_task(self._look(self.client(f"last-{number}"), looks[number :: self.clients]))

    def begin_anew(self) -> None:
        """Turn to new patients, as after a reset."""
        for patient in self.patients:
            patient.operations = _OPERATIONS_EACH

    def client(self, name: str) -> Client:
        """Return a client more."""
        return Client(name, self.port, self._tokens, self.record)

    async def _look(self, client: Client, looks: Iterable[Action]) -> None:
        for action in looks:
            while await client.perform(action) is None:
                pass
        client.close()

    async def _work(self, client: Client, chance: random.Random) -> None:
        while not self.over:
            patient = self._patient(chance)
            action = self._next(patient, chance)
            patient.learn(action, await client.perform(action, patient.number))
        client.close()

    def _patient(self, chance: random.Random) -> Patient:
        """Return one of the patients whom the clients work on; one who has had enough is replaced."""
        active = [each for each in self.patients[-4 * _AT_A_TIME :] if each.operations < _OPERATIONS_EACH]
        while len(active) < _AT_A_TIME:
            active.append(self._new_patient())
        chosen = chance.choice(active[:_AT_A_TIME])
        chosen.operations += 1
        return chosen

    def _new_patient(self, operations: int = 0) -> Patient:
        patient = Patient(f"943{len(self.patients):07d}", operations=operations)
        self.patients.append(patient)
        return patient

    def _next(self, patient: Patient, chance: random.Random) -> Action:
        drawn = chance.random()
        if (drawn < 0.2 or not patient.known) and patient.proposed < _APPOINTMENTS_EACH:
            return self._register(patient)
        if drawn < 0.45 or not patient.known:
            return Search(patient.number)
        entry = chance.choice(list(patient.known.values()))
        if drawn < 0.75:
            return Read(entry.id)
        return self._update(entry, entry.version if chance.random() < 0.3 else 1)

    def _register(self, patient: Patient) -> Action:
        patient.proposed += 1
        return Register(patient.number, f"https://provider.example.test/Appointment/{next(self._names)}")

    def _update(self, entry: Entry, expected: int) -> Action:
        return Update(entry.id, entry.pointer, expected, f"update {next(self._names)}")

    async def _race_again_and_again(self) -> None:
        racers = [self.client(f"racer-{number}") for number in range(_RACERS)]
        while not self.over:
            patient = self._new_patient(operations=_OPERATIONS_EACH)
            register = self._register(patient)
            patient.learn(register, await racers[0].perform(register, patient.number))
            for entry in patient.known.values():
                updates = [racer.perform(self._update(entry, 1), patient.number) for racer in racers]
                self._note_race(entry, await asyncio.gather(*updates))
            await asyncio.sleep(_BETWEEN_RACES_S)
        for racer in racers:
            racer.close()

    def _note_race(self, entry: Entry, outcomes: Iterable[Outcome | None]) -> None:
        ended = list(outcomes)
        in_vain = ended.count(Absent()) + ended.count(Unchangeable())
        unknown = ended.count(Unknown()) + ended.count(None)
        self.races.append(Race(entry.pointer, ended.count(Done()), unknown, in_vain))
