"""/_sandbox/workspaces: makes, lists and deletes workspaces, each a registry of its own with URLs of its own.

Source: docs/workspaces.md.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, NamedTuple

from registry_sandbox.auth.clients import CLIENTS
from registry_sandbox.auth.groups import WRITERS
from registry_sandbox.control.operation import BadControlRequest, Operation, json_body, parameters, refused_for
from registry_sandbox.faults.fields import BadFault, object_schema, read_object
from registry_sandbox.faults.kinds import Duration, Instant, Text, Whole
from registry_sandbox.faults.rule_set import read_rules
from registry_sandbox.fhir.datatypes import write_timestamp
from registry_sandbox.http.base_url import NAME, NAME_EXPECTED
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.seeds import BadSeed, Seed, seeds_in
from registry_sandbox.workspace import State, Workspace
from registry_sandbox.workspaces import Member, NameTaken, NoRoom, Wanted, Workspaces

Name = Annotated[str, Text(NAME, NAME_EXPECTED)]

_TOKEN: Final = Text(r"[\x21-\x7e]{1,200}", "1 to 200 visible ASCII characters")
_LARGEST_SEED: Final = 10**18 - 1


class _Any:
    """Any JSON value; what reads it later decides."""

    def read(self, value: Any) -> Any:
        """Return the value."""
        return value

    def schema(self) -> dict[str, Any]:
        """Return its JSON Schema."""
        return {}


class _Ttl(Duration):
    """A time to live: a time span above 0."""

    def read(self, value: Any) -> float:
        """Return the seconds."""
        seconds = Duration.read(self, value)
        if seconds == 0:
            raise ValueError("a time span above 0, such as 90s, 30m")
        return seconds


@dataclass(frozen=True, slots=True)
class ClockStart:
    """What the clock of a workspace starts at, and whether it stands still."""

    now: Annotated[datetime, Instant()] | None = None
    frozen: bool | None = None


@dataclass(frozen=True, slots=True)
class From:
    """What a workspace is at first: another one as it is now, or a snapshot (of the one without a name by default)."""

    workspace: Name | None = None
    snapshot: Name | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The body of a call that makes a workspace."""

    name: Name | None = None
    seed_data: Annotated[Any, _Any()] = None
    no_seed_data: bool = False
    clock: ClockStart | Annotated[datetime, Instant()] | None = None
    faults: Annotated[Any, _Any()] = None
    random_seed: Annotated[int, Whole(0, _LARGEST_SEED)] | None = None
    ttl: Annotated[float, _Ttl()] | None = None
    control_token: Annotated[str, _TOKEN] | None = None
    from_: Name | From | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            ValueError: the message names both members.
        """
        if self.no_seed_data and self.seed_data is not None:
            raise ValueError("seed_data and no_seed_data contradict each other; expected one of them")
        if self.from_ == From():
            raise ValueError("from names nothing; expected workspace, snapshot or both")


class Urls(NamedTuple):
    """Where a workspace is."""

    base_url: str
    token_url: str
    control_url: str


_URLS: Final = {each: {"type": "string"} for each in ("name", *Urls._fields)}
_SHOWN: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        **_URLS,
        "clients": {"type": "array", "items": {"type": "object"}},
        "created": {"type": "string", "format": "date-time"},
        "expires": {"type": "string", "format": "date-time", "description": "unless it is used until then"},
    },
}
_LISTED: Final[dict[str, Any]] = {"type": "object", "properties": {"workspaces": {"type": "array", "items": _SHOWN}}}


@dataclass(frozen=True, slots=True)
class Place:
    """What this noun works on.

    Attributes:
        first: the workspace without a name.
        others: returns the workspaces that have one.
        urls: returns where a workspace is, for whoever sends a request.
    """

    first: Workspace
    others: Callable[[], Workspaces]
    urls: Callable[[Request, str], Urls]


def operations(place: Place) -> list[Operation]:
    """Return the operations."""
    noun = _Workspaces(place)
    made, gone = HTTPStatus.CREATED, HTTPStatus.NO_CONTENT
    body = object_schema(Asked)
    return [
        Operation("GET", "/workspaces", noun.all, "The workspaces.", answers=_LISTED),
        Operation("POST", "/workspaces", noun.make, "Make one.", body=body, status=made, answers=_SHOWN),
        Operation("GET", "/workspaces/{id}", noun.one, "One of them.", answers=_SHOWN),
        Operation("DELETE", "/workspaces/{id}", noun.remove, "End one, and every exchange in it.", status=gone),
    ]


class _Workspaces:
    def __init__(self, place: Place) -> None:
        self._first = place.first
        self._workspaces = place.others
        self._urls = place.urls

    def all(self, request: Request, _: str) -> Response:
        """List them, the oldest first."""
        parameters(request, {})
        return json_response(
            HTTPStatus.OK, {"workspaces": [self._described(request, each) for each in self._workspaces()]}
        )

    async def make(self, request: Request, _: str) -> Response:
        """Make one, or nothing if anything is wrong. Seeds are read in threads; until then nobody finds it."""
        wanted, source = await self._first.service.workers.run(_read, request)
        try:
            with refused_for(BadFault, BadSeed):
                member = await self._workspaces().make(replace(wanted, state=self._state(source)))
        except (NoRoom, NameTaken) as refused:
            raise BadControlRequest(str(refused), HTTPStatus.CONFLICT) from refused
        described = self._described(request, member)
        return json_response(HTTPStatus.CREATED, described, {"Location": described["control_url"]})

    def one(self, request: Request, name: str) -> Response:
        """Show one, without using it."""
        member = self._workspaces().get(name)
        if member is None:
            raise _unknown(name)
        return json_response(HTTPStatus.OK, self._described(request, member))

    def remove(self, request: Request, name: str) -> Response:
        """End one."""
        del request
        if not self._workspaces().remove(name):
            raise _unknown(name)
        return Response(HTTPStatus.NO_CONTENT)

    def _state(self, asked: From | str | None) -> State | None:
        """Return the state that a new workspace begins with; a mere name is that of a workspace or of a snapshot."""
        if asked is None:
            return None
        if isinstance(asked, str):
            member = self._workspaces().get(asked)
            if member is not None and asked in self._first.snapshots:
                told = f"from: '{asked}' is a workspace and a snapshot; expected an object with workspace or snapshot."
                raise BadControlRequest(told, HTTPStatus.CONFLICT)
            asked = From(snapshot=asked) if member is None else From(workspace=asked)
        return self._state_of(asked)

    def _state_of(self, asked: From) -> State:
        workspace = self._first
        if asked.workspace is not None:
            member = self._workspaces().get(asked.workspace)
            if member is None:
                raise BadControlRequest(f"from: there is no workspace '{asked.workspace}'.")
            workspace = member.workspace
        if asked.snapshot is None:
            return workspace.state
        if asked.snapshot not in workspace.snapshots:
            whose = "" if asked.workspace is None else f" in the workspace '{asked.workspace}'"
            raise BadControlRequest(
                f"from: there is no snapshot '{asked.snapshot}'{whose}, nor a workspace of that name."
            )
        return workspace.snapshots[asked.snapshot]

    def _described(self, request: Request, member: Member) -> dict[str, Any]:
        return {
            "name": member.name,
            **self._urls(request, member.name)._asdict(),
            "clients": [
                {"client_id": each.client_id, "client_secret": each.secret, "may_write": WRITERS in each.groups}
                for each in CLIENTS.values()
            ],
            "created": write_timestamp(member.created_s),
            "expires": write_timestamp(member.expires_s),
        }


def _read(request: Request) -> tuple[Wanted, From | str | None]:
    """Read what is asked for, and what it begins with; with many seeds it takes long."""
    with refused_for(BadFault, BadSeed):
        asked: Asked = read_object(Asked, json_body(request) if request.body else {}, "workspace")
        return _wanted(asked), asked.from_


def _wanted(asked: Asked) -> Wanted:
    clock = asked.clock if isinstance(asked.clock, ClockStart) else ClockStart(asked.clock)
    seeds: list[Seed] | None = [] if asked.no_seed_data else None
    if asked.seed_data is not None:
        seeds = seeds_in("seed_data", json.dumps(asked.seed_data).encode())
    return Wanted(
        name=asked.name,
        seeds=seeds,
        clock=clock.now,
        frozen=clock.frozen,
        faults=None if asked.faults is None else read_rules(asked.faults, "faults", "flag"),
        random_seed=asked.random_seed,
        ttl_s=asked.ttl,
        control_token=asked.control_token,
    )


def _unknown(name: str) -> BadControlRequest:
    return BadControlRequest(f"There is no workspace '{name[:80]}'.", HTTPStatus.NOT_FOUND)
