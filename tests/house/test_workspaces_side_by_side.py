"""Whatever happens in several workspaces at a time, each gives exactly what it gives alone."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.app import Sandbox, build
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.settings import Settings
from registry_sandbox.testing.builders import appointment

NAMES = ("one", "two", "three")
PATIENTS = ("9990001111", "9990002223")
SEEDED = "booked-tomorrow"

Call = tuple[str, str, Any]
"""Method, path and body."""


def register(number: int, patient: str) -> Call:
    """Return the registration of an appointment."""
    pointer = f"https://provider.example.test/{number}"
    return "POST", "/STU3/Appointment", appointment(pointer=pointer, nhs_number=patient)


def cancel(version: int) -> Call:
    """Return a cancel of what the workspace started with; it succeeds where the version is the current one."""
    return "PUT", f"/STU3/Appointment/{SEEDED}", ("cancel", version)


def seed(logical_id: str) -> Call:
    """Return a seed, which fails the second time."""
    return "POST", "/_sandbox/appointments", {**appointment(), "id": logical_id}


_SPECS = ("*:500@x1", "register:503@50%", "read:404@nth=2", "register:commit+reset@x1", "cancel:race=bump@x1")
_CALLS = st.one_of(
    st.builds(register, st.integers(0, 3), st.sampled_from(PATIENTS)),
    st.builds(cancel, st.integers(1, 2)),
    st.builds(seed, st.sampled_from(["seed-1", "seed-2"])),
    st.sampled_from(_SPECS).map(lambda spec: ("POST", "/_sandbox/faults", spec)),
    st.sampled_from(["1d", "-2h", "10m"]).map(lambda by: ("PUT", "/_sandbox/clock", {"advance": by})),
    st.sampled_from(
        [
            ("GET", f"/STU3/Appointment/{SEEDED}", None),
            ("GET", f"/STU3/Appointment/{SEEDED}/_history", None),
            ("GET", f"/STU3/Appointment?Patient=https://fhir.nhs.uk/Id/nhs-number|{PATIENTS[0]}", None),
            ("GET", "/STU3/Appointment?Patient=https://fhir.nhs.uk/Id/nhs-number|9991000011", None),
            ("GET", "/STU3/nonsense", None),
            ("GET", "/_sandbox/appointments", None),
            ("GET", "/_sandbox/faults", None),
            ("GET", "/_sandbox/faults/fired", None),
            ("DELETE", "/_sandbox/faults", None),
            ("DELETE", "/_sandbox/journal", None),
            ("POST", "/_sandbox/reset", None),
            ("POST", "/_sandbox/snapshots", {"name": "kept"}),
            ("POST", "/_sandbox/snapshots/kept/restore", None),
            ("DELETE", "/_sandbox/snapshots/kept", None),
            ("GET", "/_sandbox/token?client=sandbox-reader&without=exp", None),
        ]
    ),
)
_TELLING_TIME = ("/reset", "/restore")  # they tell for how long the sandbox runs
_STEPS = st.lists(st.tuples(st.sampled_from(NAMES), _CALLS), max_size=30)


class Ports:
    """The registry's port of a sandbox, without a socket."""

    def __init__(self) -> None:
        clock = {"clock": Settings.__dataclass_fields__["clock"].metadata["parse"]("2019-01-18T09:00:00Z")}
        self.sandbox: Sandbox = build(Settings(auth="off", random_seed=5, clock_frozen=True, **clock), wall=lambda: 1e9)
        self.sandbox.preparing.join()
        self._answer = self.sandbox.handlers.whole_registry_port()

    async def ask(self, method: str, target: str, body: Any = None) -> Response:
        """Send a call, and return the answer."""
        path, _, query = target.partition("?")
        headers = CIMultiDict({"Content-Type": "application/fhir+json", "Host": "localhost"})
        if isinstance(body, tuple):
            body, headers["If-Match"] = await self._cancelled(target), f'W/"{body[1]}"'
        content = b"" if body is None else json.dumps(body).encode()
        request = Request(method, path, query, CIMultiDictProxy(headers), content, "http://localhost/STU3")
        return await self._answer(request)

    async def _cancelled(self, target: str) -> Any:
        workspace = target.partition("/STU3/")[0]
        listed = json.loads((await self.ask("GET", f"{workspace}/_sandbox/appointments/{SEEDED}")).body)
        return {**listed["versions"][-1], "status": "cancelled"}

    async def answers(self, steps: Sequence[tuple[str, Call]], *names: str) -> dict[str, list[Any]]:
        """Make the workspaces, take the steps in their order, and return what each workspace has answered."""
        told: dict[str, list[Any]] = {name: [] for name in names}
        for name in names:
            assert (await self.ask("POST", "/_sandbox/workspaces", {"name": name})).status == 201
        for name, (method, target, body) in steps:
            answer = await self.ask(method, f"/w/{name}{target}", body)
            content = b"" if target.endswith(_TELLING_TIME) else answer.body
            told[name].append((answer.status, sorted(answer.headers.items()), content, answer.delivery is None))
        for name in names:
            for path in ("appointments", "faults", "faults/fired", "clock", "keys", "journal"):
                told[name].append(await self._settled(f"/w/{name}/_sandbox/{path}"))
            await self.ask("DELETE", f"/_sandbox/workspaces/{name}")
        return told

    async def _settled(self, target: str) -> Any:
        listed = json.loads((await self.ask("GET", target)).body)
        for each in listed.get("exchanges", []):  # only these go by the machine's clock
            del each["duration_s"], each["first_byte_s"]
        return listed


PORTS = Ports()


@settings(max_examples=40, deadline=None)
@given(_STEPS)
def test_each_gives_what_it_gives_alone(steps: list[tuple[str, Call]]) -> None:
    """Answers to the byte, headers, appointments, faults with their counts, clock, keys and journal."""
    together = asyncio.run(PORTS.answers(steps, *NAMES))
    for name in NAMES:
        alone = asyncio.run(PORTS.answers([step for step in steps if step[0] == name], name))
        assert together[name] == alone[name]


def test_the_workspaces_of_this_test_do_answer() -> None:
    """Otherwise every refusal would be like every other."""
    registered, cancelled = register(0, PATIENTS[0]), cancel(1)
    told = asyncio.run(PORTS.answers([("one", registered), ("one", cancelled), ("one", cancelled)], "one"))
    assert [each[0] for each in told["one"][:3]] == [201, 200, 409]
