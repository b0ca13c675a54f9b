"""Exchanges made to hurt are refused in the words of the house: no failure of ours, nothing that cannot be read."""

import json
import logging
import socket
from urllib.parse import urlsplit

import pytest
from lxml import etree

from sandbox.running import RegistrySandbox

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
            assert connection.recv(65_536) == b""
        assert asked(running, f"GET {SEEDED}")[0] == 200
    assert caplog.records == []
