"""Exchanges made to hurt are refused in the words of the house: no failure of ours, nothing that cannot be read."""

import asyncio
import gzip
import json
import logging
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import etree
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.app import build
from registry_sandbox.http.negotiation import negotiate, note_answer_format
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.reading.codec import Reading
from registry_sandbox.registry.exchange_json import as_json
from registry_sandbox.registry.journal import Journal
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.settings import Settings
from registry_sandbox.testing.running import RegistrySandbox

SEEDED = "/STU3/Appointment/b7e99463-00a1-45fc-98aa-02301c103aba"


def said(running: RegistrySandbox, sent: bytes) -> tuple[int, bytes]:
    """Send bytes over a connection of their own, and give the status and the body of what comes back."""
    address = urlsplit(running.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def asked(running: RegistrySandbox, line: str, *headers: bytes, body: bytes = b"") -> tuple[int, bytes]:
    """Send a request with a token that is good."""
    lines = [
        f"{line} HTTP/1.1".encode(),
        b"Host: localhost",
        b"Connection: close",
        f"Authorization: Bearer {running.token()}".encode(),
        b"Content-Length: %d" % len(body),
        *headers,
    ]
    return said(running, b"\r\n".join(lines) + b"\r\n\r\n" + body)


@pytest.mark.parametrize("wanted", ["json", "xml"])
@pytest.mark.parametrize(
    ("line", "header", "status"),
    [
        ("GET /STU3/Appointment/%00", b"X: y", 404),
        ("GET /STU3/StructureDefinition/%EF%BF%BF", b"X: y", 404),
        (f"GET {SEEDED}/_history/%01", b"X: y", 404),
        ("GET /STU3/Appointment?%00=1", b"X: y", 400),
        ("GET /STU3/Appointment?Patient=https://fhir.nhs.uk/Id/nhs-number%7C%00", b"X: y", 400),
        (f"PUT {SEEDED}", b"Content-Type: application/fhir+json\r\nIf-Match: \xff", 409),
        ("POST /STU3/Appointment", b"Content-Type: \xff", 415),
        ("POST /STU3/Appointment", b"Content-Type: application/fhir+json\r\nContent-Encoding: \xff", 415),
        ("GET /STU3/Appointment?_format=%00", b"X: y", 406),
    ],
)
def test_what_no_resource_can_carry_is_quoted_as_an_escape(
    running: RegistrySandbox, line: str, header: bytes, status: int, wanted: str
) -> None:
    """NUL, non-characters and bytes that are no UTF-8 come in paths, queries and headers: the outcome can be read."""
    code, body = asked(running, line, b"Accept: application/fhir+" + wanted.encode(), header, body=b"{}")
    assert code == status
    if "_format" in line or wanted == "json":
        assert json.loads(body)["resourceType"] == "OperationOutcome"
    else:
        assert etree.fromstring(body).tag == "{http://hl7.org/fhir}OperationOutcome"


def test_a_date_with_an_endless_offset_is_ignored(running: RegistrySandbox) -> None:
    """RFC 9110: a date that cannot be read is as good as none."""
    offset = b"+99999999999999999999"
    assert asked(running, f"GET {SEEDED}", b"If-Modified-Since: Mon, 01 Jan 2020 00:00:00 " + offset)[0] == 200


def test_an_origin_that_is_no_url_is_foreign(running: RegistrySandbox) -> None:
    """The control plane refuses it as it does every foreign page's."""
    code, body = said(
        running, b"GET /_sandbox/clock HTTP/1.1\r\nHost: localhost\r\nOrigin: http://[\r\nConnection: close\r\n\r\n"
    )
    assert (code, "Origin" in json.loads(body)["error"]) == (403, True)


def test_a_control_token_of_odd_bytes_is_wrong() -> None:
    """Bytes that are no UTF-8 are compared like others."""
    with RegistrySandbox(control_token="s3cret", auth="off") as guarded:
        head = b"GET /_sandbox/clock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        code, _ = said(guarded, head + b"Authorization: Bearer \xff\r\n\r\n")
    assert code == 403


def test_a_client_that_hangs_up_in_its_body_is_no_failure_of_ours(
    running: RegistrySandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """The log keeps its tracebacks for bugs."""
    address = urlsplit(running.base_url)
    with caplog.at_level(logging.ERROR):
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            connection.sendall(b"POST /STU3/Appointment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{}")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 403 ")
        assert asked(running, f"GET {SEEDED}")[0] == 200
    assert caplog.records == []


def test_a_body_in_many_wrappings_is_not_unwrapped(running: RegistrySandbox) -> None:
    """Each coding is a whole body to inflate: thousands of them would hold everybody up."""
    body = b"{}"
    for _ in range(20):
        body = gzip.compress(body)
    codings = b"Content-Encoding: " + b",".join([b"gzip"] * 20)
    content_type = b"Content-Type: application/fhir+json"
    assert asked(running, "POST /STU3/Appointment", content_type, codings, body=body)[0] == 415


def request_with(path: str = "/STU3/metadata", **headers: str) -> Request:
    """Make a request as the server does."""
    return Request("GET", path, "", CIMultiDictProxy(CIMultiDict(headers)), b"", "http://127.0.0.1/STU3")


def test_long_headers_are_not_remembered() -> None:
    """What is asked for once in ten thousand characters is worked out anew."""
    before = negotiate.cache_info().currsize
    request = request_with(Accept="text/x, " * 10_000 + "application/fhir+xml")
    note_answer_format(request)
    assert request.answer_format == "xml"
    assert negotiate.cache_info().currsize == before


def test_the_journal_weighs_headers_and_paths() -> None:
    """They are kept as bodies are, and are bounded with them."""
    journal = Journal(Clock(lambda: 0.0), 100, max_bytes=100_000)
    for _ in range(10):
        journal.note(request_with(X="x" * 30_000), Response(200), 0.0)
        journal.note(request_with("/" + "x" * 30_000), Response(200), 0.0)
    assert (len(journal), journal.dropped) == (3, 17)


def test_the_journal_looks_for_tokens_once() -> None:
    """A path of nothing but beginnings of tokens is searched once, not from each of them."""
    journal = Journal(Clock(lambda: 0.0), 100)
    journal.note(request_with("/" + "eyJ" * 20_000), Response(200), 0.0)
    assert as_json(next(iter(journal)))["request"]["path"] == "/" + "eyJ" * 20_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/x/eyJhbGciOi.eyJpc3Mi.c2ln/y", "/x/<redacted>/y"),
        ("Bearer_eyJhbGciOi.eyJpc3Mi.c2ln", "Bearer_<redacted>"),
        ("a.b.eyJhbGciOi.eyJpc3Mi.", "a.b.<redacted>"),
        ("/eyJ.x/eyJhbGciOi", "/eyJ.x/eyJhbGciOi"),
    ],
)
def test_the_journal_shows_no_token_wherever_it_stands(text: str, shown: str) -> None:
    """Not even in a path or an odd header."""
    journal = Journal(Clock(lambda: 0.0), 100)
    journal.note(request_with(text, Odd=text), Response(200), 0.0)
    noted = as_json(next(iter(journal)))["request"]
    assert (noted["path"], noted["headers"]["Odd"]) == (shown, shown)


def test_a_large_body_is_judged_beside_the_others() -> None:
    """The event loop goes on: whoever else asks meanwhile is answered."""
    service = build(Settings(no_seed_data=True)).workspace.service
    resource = {"resourceType": "Appointment", "identifier": [{"value": "x"}] * 20_000}
    request = request_with()
    request.body = json.dumps(resource).encode()

    async def rounds_meanwhile() -> int:
        judged = asyncio.ensure_future(service.validate(request, Reading(resource)))
        rounds = 0
        while not judged.done():
            await asyncio.sleep(0)
            rounds += 1
        assert judged.result()
        return rounds

    assert asyncio.run(rounds_meanwhile()) > 1  # on the loop itself it would be one


def test_the_scheme_of_the_control_token_may_be_written_in_any_case() -> None:
    """As RFC 9110 says of schemes; the token itself may not."""
    with RegistrySandbox(control_token="s3cret", auth="off") as guarded:
        url = f"{guarded.control_url}/clock"
        told = [
            httpx.get(url, headers={"Authorization": sent}).status_code for sent in ("bearer s3cret", "Bearer S3CRET")
        ]
    assert told == [200, 403]
