"""/_sandbox/appointments: every appointment with all its versions, past ones too; and further seeds."""

import json
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from registry_sandbox.control.operation import (
    BadControlRequest,
    Operation,
    body_of,
    parameters,
    refused_for,
    whole_number,
)
from registry_sandbox.fhir.datatypes import write_instant
from registry_sandbox.http.json_response import JSON, plain_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.seed_loader import OvertakenByReset
from registry_sandbox.registry.seeds import BadSeed
from registry_sandbox.registry.store import pointers_of
from registry_sandbox.registry.version import Version
from registry_sandbox.runtime.slices import unhurried
from registry_sandbox.workspace import Workspace

_FORMATS: Final = ("json", "summary")
_FORMAT: Final = {"format": "json, or summary: a few facts of the current version, and how many versions there are"}
_FILTERS: Final = {
    "patient": "an NHS number",
    "limit": "how many to list at most, from the oldest on",
    **_FORMAT,
}
_PART_BYTES: Final = 65_536
_SEEDS: Final[dict[str, Any]] = {
    "description": "An Appointment or a Bundle of them, or stories (docs/seeds.md): one, a list, or YAML documents.",
    "anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}],
}
_SEED_TYPES: Final = ("application/json", "application/fhir+json", "application/fhir+xml", "application/yaml")
_LISTED: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"total": {"type": "integer"}, "appointments": {"type": "array", "items": {"type": "object"}}},
}
_ONE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"versions": {"description": "all versions, oldest first; in a summary, how many"}},
}


def operations(workspace: Workspace) -> list[Operation]:
    """Return the operations."""
    appointments = _Appointments(workspace)
    every, single = "Every appointment with all its versions.", "One appointment with all its versions."
    return [
        Operation("GET", "/appointments", appointments.all, every, _FILTERS, answers=_LISTED),
        Operation(
            "POST",
            "/appointments",
            appointments.seed,
            "Seed more.",
            body=_SEEDS,
            status=HTTPStatus.CREATED,
            body_types=_SEED_TYPES,
        ),
        Operation("GET", "/appointments/{id}", appointments.one, single, _FORMAT, answers=_ONE),
    ]


class _Appointments:
    def __init__(self, workspace: Workspace) -> None:
        self._registry = workspace.service.registry
        self._seed_loader = workspace.seed_loader

    async def all(self, request: Request, _: str) -> Response:
        """List the appointments, oldest first."""
        given = parameters(request, _FILTERS)
        limit, patient = given.get("limit"), given.get("patient")
        most, written = None if limit is None else whole_number("limit", limit), _written(given)
        histories = list(self._registry.histories())
        if patient is not None:
            histories = [each async for each in unhurried(histories) if _is_of(patient, each)]
        return await _listing(HTTPStatus.OK, "total", len(histories), map(written, histories[:most]))

    def one(self, request: Request, logical_id: str) -> Response:
        """Show one appointment with all its versions."""
        written = _written(parameters(request, _FORMAT))
        if logical_id not in self._registry:
            message = f"There is no appointment with the id '{logical_id[:80]}'."
            raise BadControlRequest(message, HTTPStatus.NOT_FOUND)
        return plain_response(HTTPStatus.OK, JSON, written(self._registry.history(logical_id)) + b"\n")

    async def seed(self, request: Request, _: str) -> Response:
        """Seed more, all or none."""
        with refused_for(BadSeed), refused_for(OvertakenByReset, status=HTTPStatus.CONFLICT):
            loaded = await self._seed_loader.load_body("body", body_of(request))
        return await _listing(HTTPStatus.CREATED, "seeded", len(loaded), (each.json for each in loaded))


def _is_of(patient: str, history: Sequence[Version]) -> bool:
    return any(patient in version.patients for version in history)


def _written(given: Mapping[str, str]) -> Callable[[Sequence[Version]], bytes]:
    """Return what writes an appointment in the format that is asked for."""
    value = given.get("format", "json")
    if value not in _FORMATS:
        raise BadControlRequest(f"format is '{value[:40]}'; expected {' or '.join(_FORMATS)}.")
    return _summary if value == "summary" else _versions


def _summary(history: Sequence[Version]) -> bytes:
    current = history[-1]
    resource = current.resource()
    told = {name: resource.get(name, "") for name in ("status", "start", "end")}
    summary = {
        "id": current.logical_id,
        "versions": len(history),
        "updated": write_instant(current.last_updated),
        "patients": list(current.patients),
        "pointer": next(iter(pointers_of(resource)), ""),
        **told,
    }
    return json.dumps(summary).encode()


def _versions(history: Sequence[Version]) -> bytes:
    # The stored bytes unchanged, so that a decimal keeps its zeros.
    return b'{"versions":[%b]}' % b",".join(each.json for each in history)


async def _listing(status: int, name: str, count: int, items: Iterable[bytes]) -> Response:
    """Answer with an object that has a list in it; a large one is sent in parts, as they are made."""
    response = plain_response(status, JSON)
    parts = _parts(b'{"%b":%d,"appointments":[\n' % (name.encode(), count), items)
    response.body = next(parts)
    second = next(parts, None)
    if second is not None:
        response.body, response.stream = b"", _following(response.body + second, parts)
    return response


def _parts(before: bytes, items: Iterable[bytes]) -> Iterator[bytes]:
    """Write the object in parts of some size."""
    pieces, size = [before], 0
    for at, each in enumerate(items):
        pieces.append(b",\n" + each if at else each)
        size += len(each)
        if size >= _PART_BYTES:
            yield b"".join(pieces)
            pieces, size = [], 0
    yield b"".join((*pieces, b"]}\n"))


async def _following(first: bytes, parts: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    yield first
    for each in parts:
        yield each
