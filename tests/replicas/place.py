"""Where clients work: a workspace, with patients whose appointments several clients change at the same time."""

import random
from dataclasses import dataclass, field
from itertools import count

from tests.replicas.history import Action, Entry, Found, Outcome, Read, Register, Registered, Search, Update

_AT_A_TIME = 4
_APPOINTMENTS_EACH = 6
_OPERATIONS_EACH = 60


@dataclass(slots=True)
class Patient:
    """A patient whose appointments some clients change at the same time.

    Attributes:
        known: what clients have seen of each appointment, by its pointer.
        proposed: the pointers of all that clients have tried to register.
    """

    number: str
    known: dict[str, Entry] = field(default_factory=dict)
    proposed: set[str] = field(default_factory=set)
    operations: int = 0

    def learn(self, action: Action, outcome: Outcome | None) -> None:
        """Remember what an answer says."""
        match action, outcome:
            case Register(_, pointer), Registered(name):
                self.known[pointer] = Entry(name, pointer, 1)
            case ((Read() | Search()), Found(entries)):
                # What has an id now may be of another patient: an update that says otherwise would be refused for that.
                self.known |= {entry.pointer: entry for entry in entries if entry.pointer in self.proposed}


@dataclass(slots=True)
class Place:
    """A workspace, and the patients whom clients work on there.

    Attributes:
        workspace: its name; empty for the one that has none.
        names: of appointments and updates, in all places together: so one that shows in another place is noticed.
    """

    workspace: str
    names: "count[int]"
    patients: list[Patient] = field(default_factory=list)

    def begin_anew(self) -> None:
        """Turn to new patients, as after a reset."""
        for patient in self.patients:
            patient.operations = _OPERATIONS_EACH

    def patient(self, chance: random.Random) -> Patient:
        """Return one of the patients whom the clients work on; one who has had enough is replaced."""
        active = [each for each in self.patients[-4 * _AT_A_TIME :] if each.operations < _OPERATIONS_EACH]
        while len(active) < _AT_A_TIME:
            active.append(self.new_patient())
        chosen = chance.choice(active[:_AT_A_TIME])
        chosen.operations += 1
        return chosen

    def new_patient(self, *, to_race_for: bool = False) -> Patient:
        """Return a patient of whom nothing is known; the clients do not work on one to race for."""
        patient = Patient(f"943{len(self.patients):07d}", operations=_OPERATIONS_EACH if to_race_for else 0)
        self.patients.append(patient)
        return patient

    def next(self, patient: Patient, chance: random.Random) -> Action:
        """Return what a client does next."""
        drawn = chance.random()
        if (drawn < 0.2 or not patient.known) and len(patient.proposed) < _APPOINTMENTS_EACH:
            return self.register(patient)
        if drawn < 0.45 or not patient.known:
            return Search(patient.number)
        entry = chance.choice(list(patient.known.values()))
        if drawn < 0.75:
            return Read(entry.id)
        return self.update(entry, entry.version if chance.random() < 0.3 else 1)

    def register(self, patient: Patient) -> Action:
        """Return a register that no other is like."""
        pointer = f"https://provider.example.test/Appointment/{next(self.names)}"
        patient.proposed.add(pointer)
        return Register(patient.number, pointer)

    def update(self, entry: Entry, expected: int) -> Action:
        """Return an update that no other is like."""
        return Update(entry.id, entry.pointer, expected, f"update {next(self.names)}")

    def looks(self) -> list[Action]:
        """Return what shows everything that clients know here."""
        known = {entry.id for patient in self.patients for entry in patient.known.values()}
        return [*map(Read, known), *(Search(each.number) for each in self.patients)]
