"""The journal: bounded, redacted, and honest about what was dropped."""

import gzip
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.exchange_json import as_json
from registry_sandbox.registry.journal import Journal
from registry_sandbox.runtime.clock import Clock

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def request(body: bytes = b"", query: str = "", **headers: str) -> Request:
    """Give a request."""
    sent = CIMultiDictProxy(CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}))
    asked = Request("POST", "/oauth2/token", query, sent, body, "http://localhost/STU3")
    asked.declared = Interaction(code="token", method="POST", path="/oauth2/token", answer=lambda _a, _b: Response(200))
    return asked


def noted(asked: Request, answered: Response | None = None) -> dict[str, Any]:
    """Note an exchange, and give what the journal says of it."""
    journal = Journal(Clock(lambda: 0.0), 10)
    journal.note(asked, answered or Response(200), 0.0)
    return as_json(next(iter(journal)))


@pytest.mark.parametrize("size", [0, 1, 3])
def test_the_oldest_go_when_there_are_too_many(size: int) -> None:
    """And are counted."""
    journal = Journal(Clock(lambda: 0.0), size)
    for _ in range(5):
        journal.note(request(), Response(200), 0.0)
    assert [each.number for each in journal] == list(range(6 - size, 6))
    assert journal.dropped == 5 - size


def test_the_oldest_go_when_they_are_too_large() -> None:
    """A bound in bytes holds whatever the number."""
    journal = Journal(Clock(lambda: 0.0), 1000, max_bytes=50_000)
    for _ in range(10):
        journal.note(request(b"x" * 10_000), Response(200), 0.0)
    assert (len(journal), journal.dropped) == (4, 6)


@pytest.mark.parametrize(
    "asked",
    [
        request(Authorization=f"Bearer {TOKEN}"),
        request(Authorization="Basic c2FuZGJveDpzZWNyZXQ="),
        request(b"client_id=a&client_secret=s3cret&scope=x"),
        request(b"client%5Fsecret=s3cret"),
        request(query=f"access_token={TOKEN}"),
        request(query="access_token=s3cret"),
        request(X_Forwarded=TOKEN),
        request(Cookie="session=s3cret"),
    ],
)
def test_secrets_of_a_request_are_left_out(asked: Request) -> None:
    """Wherever they stand."""
    told = str(noted(asked))
    assert "s3cret" not in told
    assert "c2" not in told
    assert "<redacted>" in told


def test_the_token_in_an_answer_is_left_out() -> None:
    """The rest of the answer is there."""
    told = noted(request(), Response(200, body=b'{"expires_in": 3600, "access_token": "%b"}' % TOKEN.encode()))
    assert told["response"]["body"] == '{"expires_in": 3600, "access_token": "<redacted>"}'


def test_a_compressed_body_is_shown_as_text() -> None:
    """And its size as it was sent."""
    answer = Response(200, body=gzip.compress(b"hello"))
    answer.headers["Content-Encoding"] = "gzip"
    told = noted(request(), answer)
    assert (told["response"]["body"], told["sent"]["body_bytes"]) == ("hello", len(answer.body))
