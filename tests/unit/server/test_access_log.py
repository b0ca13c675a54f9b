"""The access log: a line for each exchange, which nobody who is logged can write."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import get_args

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.request import Client, Request
from registry_sandbox.http.response import Response, Sent, Wire
from registry_sandbox.server.access_log import AccessLog
from registry_sandbox.server.log_format import LogForm


def request(path: str = "/STU3/Appointment", query: str = "", method: str = "GET") -> Request:
    """Make a request."""
    return Request(method, path, query, CIMultiDictProxy(CIMultiDict[str]()), b"sent", "http://localhost/STU3")


@dataclass
class Delivered:
    """A delivery of which so much was sent."""

    report: Sent

    async def deliver(self, response: Response, wire: Wire) -> None:
        """Send nothing."""


@dataclass
class Fired:
    """Faults that have fired."""

    rule_ids: tuple[str, ...] = ("a", "b")
    effects: tuple[str, ...] = ()
    idle_rule_ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    finished: list[Response] = field(default_factory=list)

    def finish(self, response: Response) -> None:
        """Note it."""
        self.finished.append(response)


def logged(*exchanges: tuple[Request, Response], log_format: LogForm = "text") -> list[str]:
    """Return what is handed over of these exchanges, each time that it is."""
    handed: list[str] = []

    async def talk() -> None:
        log = AccessLog(log_format, handed.append, lambda: 1.5, lambda: 10.25)
        for asked, answered in exchanges:
            log("192.0.2.1", asked, answered, 10.0)
        log.flush()

    asyncio.run(talk())
    return handed


def test_a_client_named_like_a_token_is_left_out() -> None:
    """Where nothing else in the lines has a secret, in both forms; issuers choose the names."""
    asked = request()
    asked.client = Client("eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x", may_write=False)
    for log_format in get_args(LogForm):
        (line,) = logged((asked, Response(200)), log_format=log_format)
        assert "<redacted>" in line
        assert "eyJ" not in line


def test_lines_are_handed_over_together() -> None:
    """Who asked for what, and what the answer was; no query, and no client where there is none."""
    named = request("/STU3/metadata", "access_token=secret")
    named.client = Client("a-client", may_write=False)
    assert logged((request(), Response(404, body=b"four")), (named, Response(200))) == [
        "192.0.2.1 - GET /STU3/Appointment 404 4\n192.0.2.1 a-client GET /STU3/metadata 200 0\n"
    ]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/a\n192.0.2.9 - GET / 200 0", r"/a\n192.0.2.9 - GET / 200 0"),
        ("/\x1b[2J", r"/\x1b[2J"),
        ("/é", r"/\xe9"),
        ("/a\\n", r"/a\\n"),
    ],
)
def test_no_path_writes_a_line_of_its_own(path: str, shown: str) -> None:
    """Line breaks and what a terminal would obey are shown as escapes, and escapes as what they are not."""
    assert logged((request(path), Response(200))) == [f"192.0.2.1 - GET {shown} 200 0\n"]


@pytest.mark.parametrize("head", [True, False])
def test_a_fault_is_named_with_what_the_client_really_got(head: bool) -> None:  # noqa: FBT001
    """No status where no head was sent, and as many bytes as went out."""
    asked, answered = request(), Response(200, body=b"four")
    asked.injected = Fired()
    answered.delivery = Delivered(Sent(head=head, body_bytes=2))
    status = "200" if head else "-"
    assert logged((asked, answered)) == [f"192.0.2.1 - GET /STU3/Appointment {status} 2 faults: a, b\n"]


def test_a_fault_that_changed_no_delivery_has_the_answers_own_numbers() -> None:
    """Such as a delay."""
    asked = request()
    asked.injected = Fired(rule_ids=("late",))
    assert logged((asked, Response(201, body=b"four"))) == ["192.0.2.1 - GET /STU3/Appointment 201 4 faults: late\n"]


def test_the_answer_to_a_head_request_has_no_bytes() -> None:
    """The body that a GET would get is not sent."""
    asked = request(method="HEAD")
    assert logged((asked, Response(200, body=b"four"))) == ["192.0.2.1 - HEAD /STU3/Appointment 200 0\n"]


def test_json_has_a_member_for_each() -> None:
    """One object on a line; the ids are those of the answer's headers."""
    asked = request('/é\n"')
    asked.declared = Interaction(
        code="read", method="GET", path="Appointment/{id}", answer=lambda _a, _b: Response(200)
    )
    asked.injected = Fired()
    answered = Response(200, body=b"x")
    answered.headers.update({"X-Request-Id": "ours", "X-Correlation-Id": "the\"client's"})
    (line,) = logged((asked, answered), log_format="json")
    assert line.endswith("}\n")
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:01.500+00:00",
        "level": "INFO",
        "logger": "access",
        "request_id": "ours",
        "correlation_id": "the\"client's",
        "interaction": "read",
        "client": "",
        "remote": "192.0.2.1",
        "method": "GET",
        "path": '/é\n"',
        "status": 200,
        "bytes": 1,
        "duration_s": 0.25,
        "faults": ["a", "b"],
    }


def test_json_has_no_status_where_the_client_got_none() -> None:
    """It is null."""
    asked, answered = request(), Response(200, body=b"four")
    answered.delivery = Delivered(Sent(head=False, body_bytes=0))
    (line,) = logged((asked, answered), log_format="json")
    assert json.loads(line)["status"] is None


def test_secrets_leave_json_that_can_be_read() -> None:
    """Each member is redacted by itself, in every line of a batch in which one has a secret."""
    secret = request("/STU3/Appointment?client_secret=s3cret")
    secret.client = Client("a", may_write=True)
    (text,) = logged((request(), Response(200)), (secret, Response(200)), log_format="json")
    first, second = map(json.loads, text.splitlines())
    assert first["path"] == "/STU3/Appointment"
    assert second["path"] == "/STU3/Appointment?client_secret=<redacted>"
    assert second["client"] == "a"


@pytest.mark.parametrize("header", ["X-Request-Id", "X-Correlation-Id"])
def test_an_id_that_is_a_secret_is_left_out(header: str) -> None:
    """A client may send anything as the id of its request, and a fault may set any header."""
    answered = Response(200)
    answered.headers[header] = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
    (line,) = logged((request(), answered), log_format="json")
    assert "<redacted>" in json.loads(line).values()
    assert "eyJ" not in line
