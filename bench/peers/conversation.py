"""The conversation: what a client of the registry does and tries, each step with what the contract answers to it."""

from collections.abc import Callable
from typing import Any

from bench.appointments import appointment, as_xml
from bench.peers.talk import NUMBER, Talk, id_of
from bench.rows import XML


def _registers(talk: Talk) -> bool:
    reply = talk.register()
    talk.id = id_of(reply)
    return reply.status == 201 and talk.id != "none" and reply.has(1, "booked")


def _finds(talk: Talk) -> bool:
    entries = talk.search(NUMBER).resource().get("entry", [])
    found = [(each["resource"]["id"], each["resource"]["identifier"]) for each in entries]
    return found == [(talk.id, appointment(NUMBER)["identifier"])]


def _finds_nothing(talk: Talk) -> bool:
    reply = talk.search(3_000_000)
    return reply.status == 200 and reply.resource().get("total") == 0


def _reads_xml(talk: Talk) -> bool:
    reply = talk.read(Accept=XML)
    pointer = appointment(NUMBER)["identifier"][0]["value"].encode()
    return reply.status == 200 and reply.body.lstrip().startswith(b"<") and pointer in reply.body


def _registers_xml(talk: Talk) -> bool:
    reply = talk.call("POST", "/Appointment", as_xml(appointment(NUMBER + 300)), Content_Type=XML)
    return reply.status == 201 and reply.has(1, "booked", NUMBER + 300)


def _moves(talk: Talk) -> bool:
    return talk.cancel_another('W/"1"', start="2099-06-01T08:00:00Z").is_refused(422)


def _without_pointer() -> dict[str, Any]:
    return {name: value for name, value in appointment(NUMBER).items() if name != "identifier"}


STEPS: tuple[tuple[str, Callable[[Talk], bool]], ...] = (
    ("register: 201, an id, version 1", _registers),
    ("read what was registered", lambda talk: talk.read().has(1, "booked")),
    ("read it in XML", _reads_xml),
    ("read its version 1", lambda talk: talk.read("/_history/1").has(1, "booked")),
    ("read it again: 304", lambda talk: talk.read(If_None_Match='W/"1"').status == 304),
    ("find it by its patient", _finds),
    ("find nothing of another patient", _finds_nothing),
    ("register in XML", _registers_xml),
    ("cancel without If-Match: 412", lambda talk: talk.cancel_another("").is_refused(412)),
    ("cancel another version: 409", lambda talk: talk.cancel_another('W/"7"').is_refused(409)),
    ("cancel, and move it: 422", _moves),
    ("cancel: 200, version 2", lambda talk: talk.cancel('W/"1"').has(2, "cancelled")),
    ("read that it is cancelled", lambda talk: talk.read().has(2, "cancelled")),
    ("read that version 1 was booked", lambda talk: talk.read("/_history/1").has(1, "booked")),
    ("cancel once more, by version 1: 409", lambda talk: talk.cancel('W/"1"').is_refused(409)),
    ("no token: 403", lambda talk: talk.read(Authorization="").is_refused(403)),
    ("a token that has expired: 403", lambda talk: talk.read(token=talk.expired).is_refused(403)),
    ("an id that is unknown: 404", lambda talk: talk.call("GET", "/Appointment/unknown").is_refused(404)),
    ("a search for nobody: 400", lambda talk: talk.call("GET", "/Appointment").is_refused(400)),
    ("only HTML accepted: 406", lambda talk: talk.read(Accept="text/html").is_refused(406)),
    ("a body of plain text: 415", lambda talk: talk.register(Content_Type="text/plain").is_refused(415)),
    ("a body that is no JSON: 400", lambda talk: talk.call("POST", "/Appointment", b'{"a":').is_refused(400)),
    ("an unknown element: 400", lambda talk: talk.register({**appointment(NUMBER), "colour": "red"}).is_refused(400)),
    ("a status of no code: 422", lambda talk: talk.register(appointment(NUMBER, "maybe")).is_refused(422)),
    ("no pointer: 422", lambda talk: talk.register(_without_pointer()).is_refused(422)),
    ("an id of the client's own: 422", lambda talk: talk.register({**appointment(NUMBER), "id": "x"}).is_refused(422)),
    ("DELETE: 405", lambda talk: talk.call("DELETE", f"/Appointment/{talk.id}").is_refused(405)),
)


def unlike(talk: Talk) -> dict[str, int]:
    """Hold the conversation; return the status of each step that was answered otherwise than by the contract.

    It is the contract's own status where the content is another, and 0 where there was no answer.
    """
    return {name: talk.last for name, step in STEPS if not step(talk)}
