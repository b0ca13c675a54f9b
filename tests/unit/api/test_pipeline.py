"""The pipeline where the workers are busy: what can wait is told to come again, what is done is answered."""

import asyncio
import gc
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import pytest

from registry_sandbox.fhir import json
from registry_sandbox.http.errors import RequestTimeout
from registry_sandbox.http.request import Request
from registry_sandbox.runtime.workers import Workers, WorkersBusy
from tests.unit.api.exchanges import Exchanges

P = ParamSpec("P")
R = TypeVar("R")

XML = ("Accept", "application/fhir+xml")
SMALL, LARGE, VERY_LARGE = 10_000, 70_000, 270_000


class BusyWorkers(Workers):
    """Workers that are too busy for some kinds of work."""

    def __init__(self, *too_busy_for: str) -> None:
        super().__init__()
        self._too_busy_for = too_busy_for

    async def run(self, work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """Refuse that, and do anything else."""
        if getattr(work, "__name__", "") in self._too_busy_for:
            raise WorkersBusy("64 jobs are waiting")
        return await super().run(work, *arguments, **named)


class BrokenWorkers(Workers):
    """Workers with a bug."""

    async def run(self, work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """Fail."""
        del work, arguments, named
        raise LookupError("a bug of ours")


API = Exchanges(workers=BusyWorkers("represent"))


def with_a_narrative_of(characters: int) -> dict[str, Any]:
    """Make what is changed of an appointment that takes so many bytes to store."""
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{"x" * characters}</div>'
    return {"text": {"status": "generated", "div": div}}


def test_a_large_read_is_told_to_come_again() -> None:
    """503 with Retry-After, in the format that was asked for; a small one is answered."""
    large, small = (API.registered(**with_a_narrative_of(size))["id"] for size in (LARGE, SMALL))
    refused = API.ask("GET", f"Appointment/{large}?_format=xml")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    assert refused.headers["Content-Type"] == "application/fhir+xml; charset=utf-8"
    assert "64 jobs are waiting" in refused.body.decode()
    assert API.ask("GET", f"Appointment/{small}", XML).status == 200


def test_what_is_stored_is_answered() -> None:
    """503 would say that it is not: the client would register it again."""
    before = len(API.registry)
    answer = API.register(XML, **with_a_narrative_of(LARGE))
    assert (answer.status, answer.headers["Content-Type"]) == (201, "application/fhir+xml; charset=utf-8")
    assert answer.body.count(b"x" * LARGE) == 1
    assert len(API.registry) == before + 1


def test_what_cannot_be_compressed_now_goes_out_as_it_is() -> None:
    """No coding was promised; a smaller answer is compressed."""
    api = Exchanges(workers=BusyWorkers("_gzipped"))
    for size, coding in ((VERY_LARGE, None), (SMALL, "gzip")):
        path = f"Appointment/{api.registered(**with_a_narrative_of(size))['id']}"
        answer = api.ask("GET", path, ("Accept-Encoding", "gzip"))
        assert (answer.status, answer.headers.get("Content-Encoding")) == (200, coding)
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"


def test_the_log_names_the_request_whose_answer_is_our_bug(caplog: pytest.LogCaptureFixture) -> None:
    """By the id in the answer, in the text and for JSON; the answer says nothing of the bug."""
    answer = Exchanges(workers=BrokenWorkers()).register(**with_a_narrative_of(VERY_LARGE))
    (record,) = caplog.records
    request_id = answer.headers["X-Request-Id"]
    assert answer.status == 500
    assert b"bug" not in answer.body
    assert record.getMessage() == f"unexpected failure in POST /STU3/Appointment, request {request_id}"
    assert vars(record)["request_id"] == request_id
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


def test_what_is_no_bug_is_not_logged_as_one(caplog: pytest.LogCaptureFixture) -> None:
    """A refusal, and workers that are busy."""
    assert API.ask("GET", "Appointment/none").status == 404
    assert Exchanges(workers=BusyWorkers("accept")).ask("GET", "nothing").status == 404
    assert caplog.records == []


JSON = ("Content-Type", "application/fhir+json")
EMPTY = json.dumps({"resourceType": "Appointment"})
TOO_SLOW = b"half of a body"


@pytest.mark.parametrize(
    ("status", "method", "target", "body"),
    [
        (404, "GET", "Appointment/none", b""),
        (405, "DELETE", "Appointment/none", b""),
        (400, "GET", "Appointment?Patient=nobody", b""),
        (400, "POST", "Appointment", b"{"),
        (422, "POST", "Appointment", EMPTY),
        (408, "POST", "Appointment", TOO_SLOW),
    ],
)
def test_a_refusal_is_freed_without_the_garbage_collector(status: int, method: str, target: str, body: bytes) -> None:
    """The frames of its exception lead back to it: such a circle costs more than the rest of the answer."""

    def request() -> Request:
        error = RequestTimeout("too slow") if body is TOO_SLOW else None
        return API.request(method, target, JSON, body=body, body_error=error)

    async def left_behind() -> int:
        assert (await API.handle(request())).status == status
        gc.collect()
        for _ in range(10):
            await API.handle(request())
        return gc.collect()

    gc.disable()
    gc.freeze()  # so that what was collected of other tests is not looked through
    try:
        assert asyncio.run(left_behind()) < 10
    finally:
        gc.unfreeze()
        gc.enable()
