"""A client of the registry in talk with one server, and the answers as it takes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

from bench.appointments import NHS_NUMBERS, appointment
from bench.rows import JSON
from bench.wire import HOST

_PATIENCE_S = 10.0
NUMBER = 900_001
"""Of the appointment that is talked about: none that anybody was taught or holds."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; its status is 0 if there was none, and the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def resource(self) -> dict[str, Any]:
        """Return the body as a resource, empty if it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def is_refused(self, status: int) -> bool:
        """Return True if it is this status, explained by an OperationOutcome."""
        return self.status == status and self.resource().get("resourceType") == "OperationOutcome"

    def has(self, version: int, status: str, number: int = NUMBER) -> bool:
        """Return True if it is this version of the appointment that was registered, in this state."""
        found, sent = self.resource(), appointment(number, status)
        same = all(found.get(name) == sent[name] for name in ("identifier", "status"))
        return self.status in (200, 201) and same and self.headers.get("etag") == f'W/"{version}"'


class Talk:
    """A client's talk with one server: it goes by the id that the server gave.

    `last` is the status of the latest answer.
    """

    def __init__(self, port: int, token: str, expired: str) -> None:
        self._port = port
        self.token, self.expired = token, expired
        self.id = "none"
        self.last = 0
        self._others = 0

    def call(self, method: str, path: str, body: bytes = b"", *, token: str | None = None, **named: str) -> Reply:
        """Send a request on a connection of its own; headers are named with `_` for `-`, and left out if empty."""
        headers = {"Host": "localhost", "Authorization": f"Bearer {token or self.token}", "Accept": JSON}
        headers |= {"Content-Type": JSON} if body else {}
        headers |= {name.replace("_", "-"): value for name, value in named.items()}
        connection = HTTPConnection(HOST, self._port, timeout=_PATIENCE_S)
        sent = {name: value for name, value in headers.items() if value}
        try:
            reply = _reply(connection, method, f"/STU3{path}", body, sent)
        except (OSError, HTTPException):
            reply = Reply(0, {}, b"")
        finally:
            connection.close()
        self.last = reply.status
        return reply

    def read(self, below: str = "", *, token: str | None = None, **named: str) -> Reply:
        """Read the appointment that was registered."""
        return self.call("GET", f"/Appointment/{self.id}{below}", b"", token=token, **named)

    def register(self, resource: dict[str, Any] | None = None, **named: str) -> Reply:
        """Register an appointment: the one that is talked about, if no other is named."""
        return self.call("POST", "/Appointment", _bytes(resource or appointment(NUMBER)), token=None, **named)

    def cancel(self, if_match: str, number: int = NUMBER, logical_id: str = "", **changed: str) -> Reply:
        """Cancel the appointment, or another, with other elements than it was registered with where they are named."""
        path = f"/Appointment/{logical_id or self.id}"
        body = _bytes({**appointment(number, "cancelled"), "id": logical_id or self.id, **changed})
        return self.call("PUT", path, body, token=None, If_Match=if_match)

    def cancel_another(self, if_match: str, **changed: str) -> Reply:
        """Register another appointment and cancel that, so that nothing depends on what was done before."""
        self._others += 1
        number = NUMBER + 3 * self._others
        return self.cancel(if_match, number, id_of(self.register(appointment(number))), **changed)

    def search(self, number: int) -> Reply:
        """Search for the appointments of the patient of an appointment."""
        of = appointment(number)["participant"][0]["actor"]["identifier"]["value"]
        return self.call("GET", f"/Appointment?actor:Patient.identifier={NHS_NUMBERS}%7C{of}")


def _reply(connection: HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    return Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read())


def id_of(registered: Reply) -> str:
    """Return the id that the Location of an answer names, or `none`."""
    return registered.headers.get("location", "").partition("/Appointment/")[2].partition("/")[0] or "none"


def _bytes(resource: dict[str, Any]) -> bytes:
    return json.dumps(resource).encode()
