"""The log of a served sandbox as JSON: each line an object; its ids are those of the answer and of the journal."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.house.command import PATIENCE_S, Command, Process

SECRET = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def log_of(process: Process) -> list[dict[str, Any]]:
    """Stop the sandbox, and return its log."""
    process.terminate()
    _, written = process.communicate(timeout=PATIENCE_S)
    return [json.loads(line) for line in written.splitlines()]


def sent(url: str, method: str = "GET", **more: Any) -> httpx.Response:
    """Send a request that has an id of its own."""
    with httpx.Client(trust_env=False, headers={"X-Request-Id": "the-clients-own"}) as client:
        return client.request(method, url, **more)


@pytest.fixture
def asked(command: Command, tmp_path: Path) -> tuple[list[httpx.Response], list[dict[str, Any]], list[dict[str, Any]]]:
    """The answers to a read with a fault, a refusal and a request for a token; what journal and log have of them."""
    with command.serving(tmp_path, "--quiet", "--log-format", "json", "--fault", "read:503@x1") as (
        process,
        base,
        control,
    ):
        bearer = {"Authorization": f"Bearer {httpx.get(f'{control}/token').text}"}
        answers = [
            sent(f"{base}/Appointment/booked-tomorrow", headers=bearer),
            sent(f"{base}/Appointment/{SECRET}"),
            sent(f"{base.removesuffix('/STU3')}/oauth2/token", "POST", data={"client_secret": "s3cret"}),
        ]
        exchanges: list[dict[str, Any]] = httpx.get(f"{control}/journal").json()["exchanges"]
        log = [line for line in log_of(process) if "/_sandbox" not in line["path"]]
    return answers, exchanges, log


def test_an_id_is_the_same_everywhere(
    asked: tuple[list[httpx.Response], list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    """In the answer, in the journal and in the log; and the client's own id comes back as the correlation id."""
    answers, exchanges, log = asked
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(ids)) == 3
    assert [each["response"]["headers"]["X-Request-Id"] for each in exchanges] == ids
    assert [line["request_id"] for line in log] == ids
    assert {answer.headers["X-Correlation-Id"] for answer in answers} == {"the-clients-own"}
    assert {line["correlation_id"] for line in log} == {"the-clients-own"}


def test_a_line_says_what_an_exchange_was(
    asked: tuple[list[httpx.Response], list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    """Who asked for what, what came of it, which faults acted; no secret."""
    _, _, log = asked
    told = [(line["interaction"], line["client"], line["status"], line["faults"]) for line in log]
    assert told == [("read", "sandbox-client", 503, ["flag-1"]), ("read", "", 403, []), ("token", "", 401, [])]
    assert all(0 < line["duration_s"] < PATIENCE_S for line in log)
    assert "eyJ" not in str(log)
    assert log[1]["path"] == "/STU3/Appointment/<redacted>"
