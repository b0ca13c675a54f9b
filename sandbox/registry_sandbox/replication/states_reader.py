"""Reads the records of states."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from registry_sandbox.auth.credentials import KeyState
from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.fhir.datatypes import datetime_of
from registry_sandbox.fhir.json import reparse
from registry_sandbox.fhir.nhs_number import patients_named
from registry_sandbox.registry.store import Registry, pointers_of
from registry_sandbox.registry.version import History, Version
from registry_sandbox.replication.engine_reader import EngineReader
from registry_sandbox.replication.records import VERSION
from registry_sandbox.runtime.clock import Clock, Reading
from registry_sandbox.runtime.random_streams import Position
from registry_sandbox.workspace import State

_OF_STATES = ("contents", "appointments", "state", "limits")


class StatesReader:
    """Reads states, each of which can be asked for once its records were read.

    Args:
        registry: of the kind that is read; it does not change.
        clock: what rules with a memory go by until they are in force somewhere.
    """

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._kind, self._clock = registry, clock
        self._appointments: list[History] = []
        self._contents: list[Registry] = []
        self._told: list[Mapping[str, Any]] = []
        self._limits: list[dict[str, tuple[float, int]]] = []
        self._engines: list[EngineReader] = []
        self._states: dict[int, State] = {}

    def appointment(self, one: bytes) -> None:
        """Read an appointment."""
        self._appointments.append(_history(one.split(VERSION), self._kind))

    def read(self, kind: str, told: Sequence[Any]) -> None:
        """Read another record."""
        reader = self if kind in _OF_STATES else self._engines[-1]
        getattr(reader, kind)(*told)

    def contents(self) -> None:
        """Begin a set of appointments."""
        self._contents.append(self._kind.empty())

    def appointments(self, numbers: Iterable[int]) -> None:
        """Add appointments to the last set."""
        for each in numbers:
            self._contents[-1].add(self._appointments[each])

    def state(self, told: Mapping[str, Any]) -> None:
        """Begin a state."""
        self._told.append(told)
        self._limits.append({})
        self._engines.append(EngineReader(self._clock))

    def limits(self, some: Iterable[tuple[str, tuple[float, int]]]) -> None:
        """Read windows of the rate limit of the last state."""
        self._limits[-1].update({client: (since_s, sent) for client, (since_s, sent) in some})

    def engine_of(self, number: int) -> EngineReader:
        """Return what has read the engine of a state."""
        return self._engines[number]

    def of(self, number: int | None) -> State | None:
        """Return a state; whoever asks for the same gets the same."""
        if number is not None and number not in self._states:
            self._states[number] = self._made(number)
        return None if number is None else self._states[number]

    def _made(self, number: int) -> State:
        told, engine = self._told[number], self._engines[number]
        contents, random = told["contents"], told["random"]
        return State(
            contents=None if contents is None else self._contents[contents].share(),
            clock=None if told["clock"] is None else Reading(*told["clock"]),
            faults=engine.state() if engine.known else None,
            random=None if random is None else _position(*random),
            rate_limits=self._limits[number] if told["limited"] else None,
            keys=None if told["keys"] is None else _keys(*told["keys"]),
        )


def _history(versions: Iterable[bytes], registry: Registry) -> History:
    read: list[Version] = []
    pointers: tuple[str, ...] = ()
    for number, content in enumerate(versions, start=1):
        resource = reparse(content)
        if number == 1:
            pointers = tuple(pointers_of(resource))
        at = datetime_of(resource["meta"]["lastUpdated"])
        patients, end = patients_named(resource), resource.get("end", "")
        read.append(Version(resource["id"], number, at, content, end, patients, registry.parse))
    return History(tuple(read), pointers)


def _position(seed: int, streams: Mapping[str, str], numbers: Mapping[str, int]) -> Position:
    return Position(seed, {name: base64.b64decode(words) for name, words in streams.items()}, numbers)


def _keys(key: str, former: Iterable[tuple[str, float]]) -> KeyState:
    replaced = tuple((SigningKey.of(pem.encode()), until_s) for pem, until_s in former)
    return SigningKey.of(key.encode()), replaced
