"""Writes a state as a JSON document, part by part, so that a large one need not be in memory whole.

Source: docs/state.md.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from registry_sandbox import __version__
from registry_sandbox.faults.effects.rate_limit import LimitRate
from registry_sandbox.faults.engine_state import EngineState
from registry_sandbox.faults.live_rule import LiveRule
from registry_sandbox.registry.version import Contents
from registry_sandbox.runtime.clock import Reading
from registry_sandbox.runtime.random_streams import Position
from registry_sandbox.state import FORMAT, VERSION
from registry_sandbox.workspace import State

_SLICE: Final = 50  # appointments, or exchanges: what one part has


def written(state: State, exchanges: Iterable[Mapping[str, Any]] | None = None) -> Iterator[bytes]:
    """Yield the parts of the document; `exchanges` are those of the journal, as it shows them.

    The state must be whole, as `Workspace.state` is.
    """
    yield _head(state)
    yield from _array("appointments", _appointments(state.contents or Contents({}, {}, set())))
    if exchanges is not None:
        yield b",\n"
        yield from _array("journal", (json.dumps(each).encode() for each in exchanges))
    yield b"\n}\n"


def _head(state: State) -> bytes:
    about: dict[str, Any] = {FORMAT: VERSION, "written_by": __version__}
    if state.clock is not None:
        about["clock"] = _clock(state.clock)
    if state.random is not None:
        about["random"] = _random(state.random)
    if state.faults is not None:
        about["faults"] = _faults(state.faults)
    about["rate_limits"] = state.rate_limits or {}
    return (json.dumps(about, indent=1)[:-2] + ",\n").encode()


def _clock(reading: Reading) -> dict[str, Any]:
    if reading.frozen:
        now = datetime.fromtimestamp(reading.seconds, UTC).isoformat(timespec="microseconds")
        return {"frozen": True, "now": now}
    return {"frozen": False, "ahead_s": reading.seconds}


def _random(position: Position) -> dict[str, Any]:
    return {"seed": position.seed, "streams": position.states_in_base64, "numbered": dict(position.numbers)}


def _faults(state: EngineState) -> dict[str, Any]:
    return {
        "seed": state.seed,
        "numbered": state.numbered,
        "rules": [_rule(live) for live in state.rules],
        "of_headers": [{"text": text, "rules": [_rule(live) for live in rules]} for text, rules in state.of_header],
    }


def _rule(live: LiveRule) -> dict[str, Any]:
    counts = [[what, scope.client, scope.resource, count] for what, scope, count in live.counters]
    limiter = live.memory.get(LimitRate.word)
    return {
        "rule": dict(live.rule.spec),
        "source": live.source,
        "since_s": live.since_s,
        "matched": live.matched,
        "fired": live.fired,
        **({"counts": counts} if counts else {}),
        **({"windows": limiter.windows} if limiter is not None else {}),
    }


def _appointments(contents: Contents) -> Iterator[bytes]:
    for history in contents.histories.values():
        yield b'{"versions":[%b]}' % b",\n".join(each.json for each in history)


def _array(name: str, elements: Iterator[bytes]) -> Iterator[bytes]:
    yield b' "%b": [' % name.encode()
    separator = b"\n"
    while part := list(islice(elements, _SLICE)):
        yield separator + b",\n".join(part)
        separator = b",\n"
    yield b"\n ]"
