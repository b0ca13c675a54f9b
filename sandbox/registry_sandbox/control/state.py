"""/_sandbox/state: the whole state of a workspace as one document, to keep and to return to. docs/state.md.

A large one is written and read in slices, so that other requests are answered meanwhile.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from http import HTTPStatus
from typing import Any, Final

from registry_sandbox.control import health
from registry_sandbox.control.health import Uptime
from registry_sandbox.control.operation import BadControlRequest, Operation, body_of, parameters, refused_for
from registry_sandbox.http.json_response import JSON, json_response, plain_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.exchange_json import as_json
from registry_sandbox.state import BadState
from registry_sandbox.workspace import Workspace

LARGEST: Final = 256 * 1024 * 1024
"""How many bytes a document may have that is sent here."""

PATH: Final = "/state"
_SLICE: Final = 20  # versions that are validated before others have their turn: about a millisecond
_QUERY: Final = {"journal": "true: with the exchanges of the journal, for people to read"}
_DOCUMENT: Final[dict[str, Any]] = {"type": "object", "description": "docs/state.md"}


def operations(workspace: Workspace, uptime: Uptime) -> list[Operation]:
    """Return the operations; `uptime` returns the seconds since the start."""

    def save(request: Request, _: str) -> Response:
        from registry_sandbox.state.writing import written  # only where there is a state to write

        with_journal = parameters(request, _QUERY).get("journal", "false")
        if with_journal not in ("true", "false"):
            raise BadControlRequest(f"journal is '{with_journal[:40]}'; expected true or false.")
        response = plain_response(HTTPStatus.OK, JSON)
        response.stream = _unhurried(
            written(workspace.state, _exchanges(workspace) if with_journal == "true" else None)
        )
        return response

    async def load(request: Request, _: str) -> Response:
        from registry_sandbox.state.reading import StateReader  # only where there is one to read

        with refused_for(BadState):
            reader = StateReader(_parts(request), workspace, "state")
            for at, _step in enumerate(reader.steps(), start=1):
                if at % _SLICE == 0:
                    await asyncio.sleep(0)
        workspace.restore(reader.state)
        return json_response(HTTPStatus.OK, health.state(workspace, uptime()))

    replace = "Be what the document says: all of it or, where anything is wrong, nothing."
    return [
        Operation("GET", PATH, save, "The whole state as one document.", _QUERY, answers=_DOCUMENT),
        Operation("PUT", PATH, load, replace, body=_DOCUMENT, answers=health.ANSWERS),
    ]


def _parts(request: Request) -> Iterable[bytes]:
    from registry_sandbox.state.reading import in_parts

    body = body_of(request)
    return request.parts or in_parts(body)


def _exchanges(workspace: Workspace) -> Iterable[dict[str, Any]]:
    return map(as_json, list(workspace.journal))


async def _unhurried(parts: Iterable[bytes]) -> AsyncGenerator[bytes, None]:
    for part in parts:
        yield part
