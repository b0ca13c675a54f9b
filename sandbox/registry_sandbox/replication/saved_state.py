"""A workspace's state in parts, for the store: so a replica that comes later need not replay the whole log.

It is written and read by replicas of the same version only, and every part was judged before it was stored.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from registry_sandbox.fhir.datatypes import datetime_of
from registry_sandbox.fhir.json import reparse
from registry_sandbox.fhir.nhs_number import patients_named
from registry_sandbox.registry.store import Contents, History, Registry, Version, pointers_of
from registry_sandbox.state.reading import StateReader
from registry_sandbox.state.writing import written
from registry_sandbox.workspace import State, Workspace

_APPOINTMENTS_IN_PART: Final = 500
# Between appointments, and between versions: JSON has no raw control characters.
_APPOINTMENT, _VERSION = b"\x1d", b"\x1e"


def parts_of(head: dict[str, Any], state: State) -> Iterator[bytes]:
    """Yield the parts: the head, all but the appointments as a state document, and then the appointments."""
    yield json.dumps(head).encode()
    yield b"".join(written(replace(state, contents=None)))
    histories = iter((state.contents or Contents({}, {}, set())).histories.values())
    while some := list(islice(histories, _APPOINTMENTS_IN_PART)):
        yield _APPOINTMENT.join(_VERSION.join(each.json for each in history) for history in some)


def head_of(parts: Sequence[bytes]) -> dict[str, Any]:
    """Return the head."""
    head: dict[str, Any] = json.loads(parts[0])
    return head


def state_of(parts: Sequence[bytes], workspace: Workspace) -> State:
    """Return the state; the workspace lends what reads it, and does not change."""
    reader = StateReader([parts[1]], workspace, "the state in the store")
    for _ in reader.steps():
        pass
    registry = workspace.service.registry.empty()
    for part in parts[2:]:
        for history in part.split(_APPOINTMENT):
            _add(history.split(_VERSION), registry)
    return replace(reader.state, contents=registry.share())


def _add(versions: Iterable[bytes], registry: Registry) -> None:
    read: list[Version] = []
    pointers: tuple[str, ...] = ()
    for number, content in enumerate(versions, start=1):
        resource = reparse(content)
        if number == 1:
            pointers = tuple(pointers_of(resource))
        at = datetime_of(resource["meta"]["lastUpdated"])
        patients, end = patients_named(resource), resource.get("end", "")
        read.append(Version(resource["id"], number, at, content, end, patients, registry.parse))
    registry.add(History(read, pointers))
