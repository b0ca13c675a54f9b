"""What is no HTTP, or hardly any, is refused in the words of the house: pitfalls.md 1, 26 to 29."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from registry_sandbox.testing.running import RegistrySandbox

HEAD = "Host: localhost\r\nConnection: close\r\n"


def said(running: RegistrySandbox, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes over a connection of their own, and give the status, the headers and the body of what comes back."""
    address = urlsplit(running.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(status_line.split()[1]), headers, body


@pytest.mark.parametrize(
    "sent",
    [
        "GARBAGE\r\n\r\n",
        "GET /STU3/metadata HTTP/1.1\r\nHost localhost\r\n\r\n",
        f"GET /STU3/metadata HTTP/1.1\r\n{HEAD}Authorization: Bearer secret-{'x' * 70_000}\r\n\r\n",
        f"POST /STU3/Appointment HTTP/1.1\r\n{HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{{}}",
        f"POST /STU3/Appointment HTTP/1.1\r\n{HEAD}Content-Length: x\r\n\r\n{{}}",
    ],
)
def test_what_is_no_http_gets_an_outcome_that_quotes_nothing(running: RegistrySandbox, sent: str) -> None:
    """A bad request line, a bad header, one that is too long, two lengths: 400, and no part of a token."""
    status, headers, body = said(running, sent.encode())
    outcome = json.loads(body)
    assert (status, headers["Content-Type"]) == (400, "application/fhir+json; charset=utf-8")
    assert outcome["issue"][0]["details"]["coding"][0]["code"] == "MISSING_OR_INVALID_HEADER"
    assert "secret" not in body.decode()
    assert headers["X-Request-Id"]


def test_a_token_of_many_groups_fits_a_header(running: RegistrySandbox) -> None:
    """A header field beyond aiohttp's usual 8,190 bytes is judged as a token."""
    sent = f"GET /STU3/Appointment/x HTTP/1.1\r\n{HEAD}Authorization: Bearer {'x' * 20_000}\r\n\r\n"
    assert said(running, sent.encode())[0] == 403


def test_a_body_that_waits_for_leave_is_let_on(running: RegistrySandbox) -> None:
    """Expect: 100-continue is answered before the body is read: curl sends it with bodies over 1 MB."""
    address = urlsplit(running.base_url)
    sent = f"POST /STU3/Appointment HTTP/1.1\r\n{HEAD}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(sent.encode())
        leave = connection.recv(65_536)
        connection.sendall(b"{}")
        answer = connection.recv(65_536)
    assert leave == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.startswith(b"HTTP/1.1 403 ")


def test_a_client_of_http_1_0_gets_one_answer(running: RegistrySandbox) -> None:
    """It does not know that another may come before it: RFC 9110 section 10.1.1."""
    address = urlsplit(running.base_url)
    head = f"POST /STU3/Appointment HTTP/1.0\r\n{HEAD}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(head.encode())
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(65_536)
        connection.settimeout(10)
        connection.sendall(b"{}")
        assert connection.recv(65_536).startswith(b"HTTP/1.0 403 ")


@pytest.mark.parametrize(
    ("method", "header", "status"),
    [
        ("GET", "Accept", 406),
        ("PUT", "If-Match", 409),
        ("PUT", "Content-Type", 415),
        ("PUT", "Content-Encoding", 415),
        ("GET", "Authorization", 403),
    ],
)
def test_bytes_that_are_no_text_are_judged_as_any_value(
    running: RegistrySandbox, method: str, header: str, status: int
) -> None:
    """A header may hold any byte: the refusal that quotes it is an outcome of its own status, not a 500."""
    given = {"Authorization": f"Bearer {running.token()}", "Content-Type": "application/fhir+json"}
    given |= {"Content-Length": "2", header: "\xff\xfe\xc3"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    sent = f"{method} /STU3/Appointment/booked-tomorrow HTTP/1.1\r\n{HEAD}{lines}\r\n{{}}"
    answered, headers, body = said(running, sent.encode("latin-1"))
    assert (answered, headers["Content-Type"]) == (status, "application/fhir+json; charset=utf-8")
    assert json.loads(body)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", ["/STU3/%0A", "/STU3/Appointment/%0A", "/STU3/%2e%2e/x", "/STU3/Appointment%2Fx"])
def test_odd_paths_get_an_outcome(running: RegistrySandbox, path: str) -> None:
    """An encoded line feed, a parent folder, an encoded slash: an outcome, whatever the framework would say."""
    status, headers, _ = said(running, f"GET {path} HTTP/1.1\r\n{HEAD}\r\n".encode())
    assert (status, headers["Content-Type"]) == (403, "application/fhir+json; charset=utf-8")


def test_the_absolute_form_of_a_target_is_understood(running: RegistrySandbox) -> None:
    """RFC 9112 section 3.2.2: a server accepts it, though only proxies are sent it."""
    sent = f"GET http://localhost/STU3/metadata HTTP/1.1\r\n{HEAD}\r\n"
    assert said(running, sent.encode())[0] == 200


def test_outside_the_base_json_says_what_there_is(running: RegistrySandbox) -> None:
    """No outcome there, but a list of paths."""
    status, headers, body = said(running, f"GET /elsewhere HTTP/1.1\r\n{HEAD}\r\n".encode())
    assert (status, headers["Content-Type"]) == (404, "application/json")
    assert "/STU3" in json.loads(body)["paths"]
