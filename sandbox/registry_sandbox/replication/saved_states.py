"""States of workspaces as records: each appointment, set of appointments and state once, however many have it."""

from collections.abc import Generator
from typing import Any, Final

from registry_sandbox.auth.credentials import KeyState
from registry_sandbox.registry.version import Contents
from registry_sandbox.replication.records import VERSION, batches, record
from registry_sandbox.replication.saved_engine import NO_DECISIONS, Decisions, EngineWriter
from registry_sandbox.runtime.random_streams import Position
from registry_sandbox.workspace import State

Numbered = Generator[bytes, None, int]
"""Yields records, and returns the number of what they are."""

_AT_ONCE: Final = 200  # appointments that are looked up in one step


class StatesWriter:
    """Writes states. What is written must not be freed before all is: things are told apart by where they are."""

    def __init__(self) -> None:
        self._appointments: dict[int, int] = {}
        self._contents: dict[int, int] = {}
        self._states: dict[int, int] = {}

    def state(self, state: State, engine: EngineWriter | None = None, decisions: Decisions = NO_DECISIONS) -> Numbered:
        """Write a state that may be written already; `engine` writes that of a workspace, with its decisions."""
        if id(state) in self._states:
            return self._states[id(state)]
        contents = None if state.contents is None else (yield from self._contents_of(state.contents))
        yield record("state", _told(state, contents))
        for some in batches((state.rate_limits or {}).items()):
            yield record("limits", some)
        if state.faults is not None:
            engine = engine or EngineWriter(state.faults)
            yield from engine.records()
            yield from engine.decisions(decisions)
        return self._states.setdefault(id(state), len(self._states))

    def _contents_of(self, contents: Contents) -> Numbered:
        known = self._contents.get(id(contents.histories))
        if known is not None:
            return known
        yield record("contents")
        for some in batches(contents.histories.values(), _AT_ONCE):
            for history in some:
                if id(history) not in self._appointments:
                    self._appointments[id(history)] = len(self._appointments)
                    yield VERSION.join(each.json for each in history)
            yield record("appointments", [self._appointments[id(history)] for history in some])
        return self._contents.setdefault(id(contents.histories), len(self._contents))


def _told(state: State, contents: int | None) -> dict[str, Any]:
    return {
        "contents": contents,
        "clock": state.clock,
        "random": None if state.random is None else _random(state.random),
        "limited": state.rate_limits is not None,
        "keys": None if state.keys is None else _keys(state.keys),
    }


def _random(position: Position) -> list[Any]:
    return [position.seed, position.states_in_base64, dict(position.numbers)]


def _keys(keys: KeyState) -> list[Any]:
    return [keys[0].pem.decode(), [[key.pem.decode(), until_s] for key, until_s in keys[1]]]
