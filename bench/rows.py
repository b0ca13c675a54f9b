"""The rows of the table: which requests each sends, what must answer them, and the goal as a ratio to the bare one."""

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bench.appointments import HUNDRED, NHS_NUMBERS, SIX, SPECIAL, appointment, as_xml, logical_id
from bench.wire import request

JSON, XML = "application/fhir+json", "application/fhir+xml"
READ_IDS = 64
"""As many appointments the reads go round."""

UNLIKE = 12_000
"""As many bodies of which each is written in another way: more than are registered in a round."""

CANCELS_PER_SECOND = 15_000
"""Each can be cancelled once: so many are kept ready for each second of a round."""


@dataclass
class Ground:
    """What the requests are made of: a token, and the next appointment that has not been cancelled."""

    token: str
    next_booked: int = SPECIAL + READ_IDS
    seconds: int = 1

    def headers(self, wanted: str, **more: str) -> dict[str, str]:
        """Return the headers that a client sends."""
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.token}", "Accept": wanted, "User-Agent": "bench", **named}


Make = Callable[[Ground], list[bytes]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: `make` returns the requests of one round."""

    name: str
    status: int
    make: Make
    goal: float | None = None


def _reads(ground: Ground, *, wanted: str, below: str = "", more: dict[str, str] | None = None) -> list[bytes]:
    headers = ground.headers(wanted, **(more or {}))
    ids = (logical_id(SPECIAL + at) for at in range(READ_IDS))
    return [request("GET", f"/STU3/Appointment/{each}{below}", headers) for each in ids]


def _reads_with_ids(ground: Ground) -> list[bytes]:
    # As a client sends them that gives each request an id: no two headers in a row are the same.
    ids = [(logical_id(SPECIAL + at), f"request-{at}") for at in range(READ_IDS)]
    return [request("GET", f"/STU3/Appointment/{each}", ground.headers(JSON, X_Request_Id=own)) for each, own in ids]


def _body(resource: dict[str, object], wanted: str) -> bytes:
    return as_xml(resource) if wanted == XML else json.dumps(resource, separators=(",", ":")).encode()


def _registers(ground: Ground, *, wanted: str) -> list[bytes]:
    headers = ground.headers(wanted, Content_Type=wanted)
    return [request("POST", "/STU3/Appointment", headers, _body(appointment(at), wanted)) for at in range(1000, 1064)]


def _registers_unlike(ground: Ground) -> list[bytes]:
    # As clients write that have no layout of their own: members in any order, any indentation, and line breaks or none.
    headers, chance = ground.headers(JSON, Content_Type=JSON), random.Random(0)  # noqa: S311 - no secret
    return [
        request("POST", "/STU3/Appointment", headers, _in_some_layout(appointment(1000 + at), chance))
        for at in range(UNLIKE)
    ]


def _in_some_layout(resource: dict[str, object], chance: random.Random) -> bytes:
    space = chance.choice(["", " "])
    separators = (f",{space}", f"{chance.choice(['', ' '])}:{chance.choice(['', ' ', '  '])}")
    indent = chance.choice([None, *range(9), "\t"])
    return json.dumps(_shuffled(resource, chance), indent=indent, separators=separators).encode()


def _shuffled(value: object, chance: random.Random) -> object:
    if isinstance(value, dict):
        names = chance.sample(list(value), len(value))
        return {name: _shuffled(value[name], chance) for name in names}
    return [_shuffled(each, chance) for each in value] if isinstance(value, list) else value


def _cancels(ground: Ground, *, wanted: str) -> list[bytes]:
    headers = ground.headers(wanted, Content_Type=wanted, If_Match='W/"1"')
    count = CANCELS_PER_SECOND * ground.seconds
    first, ground.next_booked = ground.next_booked, ground.next_booked + count
    return [cancel(number, headers, wanted) for number in range(first, first + count)]


def cancel(number: int, headers: dict[str, str], wanted: str) -> bytes:
    """Write the cancel of an appointment, whose headers carry the If-Match."""
    body = _body({**appointment(number, "cancelled"), "id": logical_id(number)}, wanted)
    return request("PUT", f"/STU3/Appointment/{logical_id(number)}", headers, body)


def _searches(ground: Ground, *, wanted: str, patient: str, more: dict[str, str] | None = None) -> list[bytes]:
    return [search(ground, patient, wanted, **(more or {}))]


def search(ground: Ground, patient: str, wanted: str, **more: str) -> bytes:
    """Write the search for the appointments of a patient."""
    query = f"actor:Patient.identifier={NHS_NUMBERS}%7C{patient}"
    return request("GET", f"/STU3/Appointment?{query}", ground.headers(wanted, **more))


def _metadata(ground: Ground) -> list[bytes]:
    return [request("GET", "/STU3/metadata", ground.headers(JSON))]


def _unauthorised(ground: Ground, *, signed_by_another: bool) -> list[bytes]:
    headers = ground.headers(JSON)
    del headers["Authorization"]
    if signed_by_another:
        headers["Authorization"] = f"Bearer {_with_another_signature(ground.token)}"
    return [request("GET", f"/STU3/Appointment/{logical_id(SPECIAL)}", headers)]


def _with_another_signature(token: str) -> str:
    head, _, signature = token.rpartition(".")
    turned = signature[::-1] if signature[0] in "AQgw" else "A" + signature[:0:-1]
    # The last character of 256 bytes carries four unused bits, which must be zero.
    return f"{head}.{turned[:-1]}A"


def _unknown(ground: Ground) -> list[bytes]:
    # More ids than there are outcomes remembered: each is written anew.
    ids = (logical_id(10**11 + at) for at in range(1_000))
    return [request("GET", f"/STU3/Appointment/{each}", ground.headers(JSON)) for each in ids]


def _stale(ground: Ground) -> list[bytes]:
    return [cancel(SPECIAL, ground.headers(JSON, Content_Type=JSON, If_Match='W/"7"'), JSON)]


def _rule_broken(ground: Ground) -> list[bytes]:
    # The start is another one than what was registered: only the status may differ.
    body = _body(
        {**appointment(SPECIAL, "cancelled"), "id": logical_id(SPECIAL), "start": "2099-06-01T08:00:00Z"}, JSON
    )
    headers = ground.headers(JSON, Content_Type=JSON, If_Match='W/"1"')
    return [request("PUT", f"/STU3/Appointment/{logical_id(SPECIAL)}", headers, body)]


_GZIP = {"Accept_Encoding": "gzip, deflate"}

ROWS = (
    Row("read JSON", 200, partial(_reads, wanted=JSON), 0.95),
    Row("read JSON own ids", 200, _reads_with_ids, 0.80),
    Row("read XML", 200, partial(_reads, wanted=XML), 0.95),
    Row("read 304", 304, partial(_reads, wanted=JSON, more={"If_None_Match": 'W/"1"'}), 0.90),
    Row("vread JSON", 200, partial(_reads, wanted=JSON, below="/_history/1"), 0.95),
    Row("vread XML", 200, partial(_reads, wanted=XML, below="/_history/1"), 0.95),
    Row("register JSON", 201, partial(_registers, wanted=JSON), 0.40),
    Row("register JSON unlike", 201, _registers_unlike, 0.40),
    Row("register XML", 201, partial(_registers, wanted=XML), 0.35),
    Row("cancel JSON", 200, partial(_cancels, wanted=JSON), 0.40),
    Row("cancel XML", 200, partial(_cancels, wanted=XML), 0.35),
    Row("search 6 JSON", 200, partial(_searches, wanted=JSON, patient=SIX), 0.52),
    Row("search 6 XML", 200, partial(_searches, wanted=XML, patient=SIX), 0.52),
    Row("search 6 JSON gzip", 200, partial(_searches, wanted=JSON, patient=SIX, more=_GZIP)),
    Row("search 100 JSON", 200, partial(_searches, wanted=JSON, patient=HUNDRED)),
    Row("metadata JSON", 200, _metadata),
    Row("403 no token", 403, partial(_unauthorised, signed_by_another=False), 0.70),
    Row("403 bad signature", 403, partial(_unauthorised, signed_by_another=True), 0.70),
    Row("404", 404, _unknown, 0.70),
    Row("409", 409, _stale, 0.70),
    Row("422 rule", 422, _rule_broken),
)


def row_named(name: str) -> Row:
    """Return a row by its whole name."""
    return next(row for row in ROWS if row.name == name)


def rows_named(text: str) -> tuple[Row, ...]:
    """Return the rows of a list with commas between: each word is the whole name of a row, or a part of several names.

    Raises:
        argparse.ArgumentTypeError: no row has that name, or that part in its name.
    """
    named = {row.name: row for row in ROWS}
    chosen: set[str] = set()
    for each in text.split(","):
        found = {each} if each in named else {name for name in named if each and each in name}
        if not found:
            raise argparse.ArgumentTypeError(f"no row has {each!r} in its name; expected parts of {', '.join(named)}")
        chosen |= found
    return tuple(row for row in ROWS if row.name in chosen)


def booked_needed(rows: tuple[Row, ...], rounds: int, seconds: int) -> int:
    """Return how many appointments the sandbox must hold for these rows."""
    cancelling = sum(row.name.startswith("cancel") for row in rows)
    # One slice more than there are rounds: the first exchange of a row, which is looked at, takes one.
    return SPECIAL + READ_IDS + cancelling * (rounds + 1) * seconds * CANCELS_PER_SECOND
