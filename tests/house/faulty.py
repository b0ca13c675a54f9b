"""What the tests of faults share: a sandbox that notes its waits, the calls that meet a fault, the vocabulary."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

PATIENT = "9991000011"
BOOKED = "booked-tomorrow"
TWO_VERSIONS = "eef4f241-e276-4c9e-8d1f-6d12dcdc0086"
NEW = {
    "resourceType": "Appointment",
    "identifier": [{"system": "urn:ietf:rfc:3986", "value": "https://provider.example.test/appointments/fault"}],
    "status": "booked",
    "start": "2031-05-06T09:30:00.000+01:00",
    "end": "2031-05-06T09:40:00.000+01:00",
    "created": "2030-11-20T16:05:00+00:00",
    "participant": [
        {
            "actor": {
                "identifier": {"use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9991000135"}
            },
            "status": "accepted",
        }
    ],
}


ASKS_AT_MOST = 5_000
"""How often `until` looks: seconds, where each look asks a sandbox."""


def until(holds: Callable[[], bool]) -> None:
    """Return once something holds that soon will: a client and the sandbox do not notice the same thing at once.

    Raises:
        AssertionError: it does not come to hold.
    """
    if not any(holds() for _ in range(ASKS_AT_MOST)):
        raise AssertionError("what was waited for has not come to hold")


@dataclass(slots=True)
class Waits:
    """Stands in for sleeping: it notes for how long, and lets the others go on."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        """Note a wait."""
        self.seconds.append(round(seconds, 6))
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the registry, ready for any client library."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""


class Faulty:
    """A sandbox in which one fault at a time is put in force."""

    def __init__(self, base: str, control: str, waits: Waits | None = None) -> None:
        self.waits = waits or Waits()
        self.control = httpx.Client(base_url=control)
        self.base = base
        self.token = ""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Hang up."""
        self.control.close()

    def begin(self, *specs: Any) -> None:
        """Return to the start, and put these faults in force."""
        self.control.post("/reset").raise_for_status()
        answer = self.control.put("/faults", json={"faults": list(specs)})
        assert answer.status_code == 200, answer.text
        self.token = self.control.get("/token").text.strip()
        self.waits.seconds.clear()

    def call(self, action: str, **headers: str) -> Call:
        """Return the call of an action: register, cancel, read, two versions, search, token."""
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        if action == "register":
            return self._with_body("POST", "/Appointment", json.dumps(NEW).encode(), sent)
        if action == "cancel":
            versions = self.versions(BOOKED)
            body = json.dumps({**versions[0], "status": "cancelled"}).encode()
            return self._with_body("PUT", f"/Appointment/{BOOKED}", body, {"If-Match": 'W/"1"', **sent})
        if action == "token":
            client = "client_id=sandbox-client&client_secret=sandbox-secret"
            form = f"grant_type=client_credentials&{client}&scope={self.base}/.default"
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return Call("POST", self.base.replace("/STU3", "/oauth2/token"), {**kind, **headers}, form.encode())
        paths = {
            "read": f"/Appointment/{BOOKED}",
            "two versions": f"/Appointment/{TWO_VERSIONS}",
            "search": f"/Appointment?patient.identifier=https://fhir.nhs.uk/Id/nhs-number%7C{PATIENT}",
        }
        return Call("GET", self.base + paths[action], sent)

    def _with_body(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Call:
        return Call(method, self.base + path, {"Content-Type": "application/fhir+json", **headers}, body)

    def versions(self, logical_id: str) -> list[dict[str, Any]]:
        """Return all versions of an appointment, as the store holds them."""
        return next(each for each in self._appointments() if each[0]["id"] == logical_id)

    def registered(self) -> list[dict[str, Any]]:
        """Return the appointments that were registered by the action, as the store holds them."""
        pointer = NEW["identifier"][0]["value"]  # type: ignore[index]
        return [each[-1] for each in self._appointments() if each[-1]["identifier"][0]["value"] == pointer]

    def _appointments(self) -> list[list[dict[str, Any]]]:
        return [each["versions"] for each in self.control.get("/appointments").json()["appointments"]]

    def journal(self) -> list[dict[str, Any]]:
        """Return the exchanges."""
        exchanges: list[dict[str, Any]] = self.control.get("/journal").json()["exchanges"]
        return exchanges

    def held(self, action: str) -> str:
        """Say what the store holds after an action."""
        if action == "register":
            return {0: "nothing", 1: "the appointment, once"}[len(self.registered())]
        logical_id = {"two versions": TWO_VERSIONS}.get(action, BOOKED)
        last = self.versions(logical_id)[-1]
        return f"version {last['meta']['versionId']}, {last['status']}"


def by_httpx(call: Call) -> int | str:
    """Call, and give the status or the exception's name."""
    try:
        return httpx.request(call.method, call.url, headers=call.headers, content=call.body).status_code
    except httpx.TransportError as error:
        return type(error).__name__


@dataclass(frozen=True, slots=True)
class Row:
    """A word of the vocabulary: its short form, the call that meets it, and what each client and the store make of it.

    What a client saw is a status, or the name of its exception. `curl` is its exit status, where that is not 0.
    """

    short: str
    action: str
    httpx: int | str
    aiohttp: int | str
    curl: int | str
    held: str


_NONE, _ONCE = "nothing", "the appointment, once"
_BOOKED, _CANCELLED = "version 1, booked", "version 2, cancelled"

VOCABULARY = (
    Row("register:500", "register", 500, 500, 500, _NONE),
    Row("register:422", "register", 422, 422, 422, _NONE),
    Row("cancel:503+retry_after=2", "cancel", 503, 503, 503, _BOOKED),
    Row("cancel:commit+504", "cancel", 504, 504, 504, _CANCELLED),
    Row("read:429", "read", 429, 429, 429, _BOOKED),
    Row("register:reset", "register", "ReadError", "ClientOSError", "exit 56", _NONE),
    Row("register:commit+reset", "register", "ReadError", "ClientOSError", "exit 56", _ONCE),
    Row("cancel:reset", "cancel", "ReadError", "ClientOSError", "exit 56", _BOOKED),
    # aiohttp's client sends an idempotent request again by itself: its second attempt meets the conflict.
    Row("cancel:commit+reset", "cancel", "ReadError", 409, "exit 56", _CANCELLED),
    Row("register:empty", "register", "RemoteProtocolError", "ServerDisconnectedError", "exit 52", _NONE),
    Row("register:commit+empty", "register", "RemoteProtocolError", "ServerDisconnectedError", "exit 52", _ONCE),
    Row("cancel:hang", "cancel", "RemoteProtocolError", "ServerDisconnectedError", "exit 52", _BOOKED),
    Row("cancel:commit+hang", "cancel", "RemoteProtocolError", 409, "exit 52", _CANCELLED),
    Row("cancel:hold", "cancel", 200, 200, 200, _CANCELLED),
    Row("cancel:commit+hold", "cancel", 200, 200, 200, _CANCELLED),
    Row("read:garbage", "read", "RemoteProtocolError", "ClientResponseError", "exit 1", _BOOKED),
    Row("cancel:commit+garbage", "cancel", "RemoteProtocolError", "ClientResponseError", "exit 1", _CANCELLED),
    Row("search:cut=200", "search", "RemoteProtocolError", "ClientPayloadError", "exit 18", _BOOKED),
    Row("search:cut=200/rst", "search", "ReadError", "ClientPayloadError", "exit 56", _BOOKED),
    Row("register:cut=50", "register", "RemoteProtocolError", "ClientPayloadError", "exit 18", _NONE),
    Row("register:commit+cut=50", "register", "RemoteProtocolError", "ClientPayloadError", "exit 18", _ONCE),
    Row("*:delay=200ms", "read", 200, 200, 200, _BOOKED),
    Row("*:delay=100ms..2s", "read", 200, 200, 200, _BOOKED),
    Row("*:delay=120ms~0.4/2s", "read", 200, 200, 200, _BOOKED),
    Row("read:dribble=5/2s", "read", 200, 200, 200, _BOOKED),
    Row("search:rate=500", "search", 200, 200, 200, _BOOKED),
    Row("*:rate_limit=1/h", "read", 200, 200, 200, _BOOKED),
    Row("read:headers=-ETag", "read", 200, 200, 200, _BOOKED),
    Row("*:headers=X-Test:1", "read", 200, 200, 200, _BOOKED),
    Row("search:content_type=text/html", "search", 200, 200, 200, _BOOKED),
    Row("read:body=truncate", "read", 200, 200, 200, _BOOKED),
    Row("read:body=corrupt", "read", 200, 200, 200, _BOOKED),
    Row("cancel:race=bump", "cancel", 409, 409, 409, "version 2, booked"),
    Row("read:stale=1", "two versions", 200, 200, 200, _CANCELLED),
    Row("*:vary", "read", 200, 200, 200, _BOOKED),
    Row("register:vary=extension", "register", 201, 201, 201, _ONCE),
    Row("register:skew=-5m", "register", 201, 201, 201, _ONCE),
    Row("token:token=expired", "token", 200, 200, 200, _BOOKED),
    Row("*:drain", "read", 200, 200, 200, _BOOKED),
    Row("token:rotate", "token", 200, 200, 200, _BOOKED),
    Row("token:rotate+overlap=5m", "token", 200, 200, 200, _BOOKED),
    Row("token:503", "token", 503, 503, 503, _BOOKED),
)
