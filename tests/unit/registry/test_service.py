"""The service: what takes long is done in the workers, and what is too much is refused."""

import asyncio
import dataclasses
import threading
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.app import build
from registry_sandbox.fhir import json
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Format, Resource
from registry_sandbox.http.errors import NotReadable, RuleBroken
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.reading.codec import Codec, Reading
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.store import Registry
from registry_sandbox.registry.version import Stored
from registry_sandbox.rules import Strictness
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.workers import Workers
from registry_sandbox.settings import Settings
from registry_sandbox.testing import builders
from tests.unit.counting import CountingWorkers

P = ParamSpec("P")
R = TypeVar("R")

_LONG_S = 20
_SERVICE = build(Settings(no_seed_data=True, auth="off")).workspace.service


class NotingCodec(Codec):
    """A codec that notes the threads that it reads in."""

    threads: list[str]

    def read(
        self, body: bytes, body_format: Format, expected: Collection[str] = ("Appointment",), *, explain: bool = True
    ) -> Reading:
        """Read, and note the thread."""
        self.threads.append(threading.current_thread().name)
        return super().read(body, body_format, expected, explain=explain)


class NotingRegistry(Registry):
    """A registry that notes the threads that ask it."""

    threads: list[str]

    def knows_pointer(self, pointer: str) -> bool:
        """Answer, and note the thread."""
        self.threads.append(threading.current_thread().name)
        return super().knows_pointer(pointer)


class NotingService(RegistryService):
    """A service that notes the threads that it judges in."""

    threads: list[str] = []  # noqa: RUF012 - emptied by each test

    def require_conformance(self, reading: Reading) -> list[Finding]:
        """Judge, and note the thread."""
        self.threads.append(threading.current_thread().name)
        return super().require_conformance(reading)


def noting() -> tuple[NotingService, NotingCodec]:
    """Return a service whose reading and judging is noted."""
    codec = NotingCodec()
    codec.threads = []
    NotingService.threads.clear()
    parts = {each.name: getattr(_SERVICE, each.name) for each in dataclasses.fields(_SERVICE)}
    return NotingService(**{**parts, "codec": codec}), codec


def posted(body_format: Format, **changes: Any) -> Request:
    """Return the request that registers an appointment."""
    made = builders.appointment(**changes)
    body = Codec().write(made, body_format)
    sent = CIMultiDictProxy(CIMultiDict({"Content-Type": f"application/fhir+{body_format}"}))
    request = Request("POST", "/STU3/Appointment", "", sent, body, "http://localhost/STU3")
    request.body_format = body_format
    return request


async def accepted(service: RegistryService, request: Request) -> Resource:
    """Return the resource that the service accepts and stores."""
    resources: list[Resource] = []

    def answer(stored: Stored) -> Response:
        resources.append(stored.resource)
        return Response(200)

    answered = service.accept(request, answer)
    if not isinstance(answered, Response):
        await answered
    return resources[0]


@pytest.mark.parametrize("body_format", ["json", "xml"])
@pytest.mark.parametrize(("length", "in_a_worker"), [(12_000, False), (17_000, True)])
def test_a_large_body_is_read_and_judged_in_a_worker(
    body_format: Format,
    length: int,
    in_a_worker: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """So that it holds up nobody else; a small one is not worth the way there."""
    service, codec = noting()
    asyncio.run(accepted(service, posted(body_format, comment="x" * length)))
    assert len(codec.threads) == len(service.threads) == 1
    assert {each.startswith("worker-") for each in codec.threads + service.threads} == {in_a_worker}


@pytest.mark.parametrize("body_format", ["json", "xml"])
def test_a_narrative_that_is_refused_is_explained_in_a_worker(body_format: Format) -> None:
    """The refusal comes at once, the words for it take longer."""
    service, codec = noting()
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p><script>x</script></p></div>'
    request = posted(body_format, text={"status": "generated", "div": div})
    with pytest.raises(NotReadable, match="script"):
        asyncio.run(accepted(service, request))
    assert [each.startswith("worker-") for each in codec.threads] == [False, True]


def test_more_large_bodies_than_can_wait_are_told_to_come_again() -> None:
    """503 with Retry-After: one is at work, one waits; a small one is answered all the same."""
    sandbox = build(Settings(no_seed_data=True, auth="off"))
    workers, at_work, done = Workers(threads=1, waiting=1), threading.Event(), threading.Event()
    sandbox.workspace.service = dataclasses.replace(sandbox.workspace.service, workers=workers)
    handle = sandbox.handlers.fhir()

    async def answered(request: Request) -> Response:
        return await handle(request)

    def work() -> bool:
        at_work.set()
        return done.wait(_LONG_S)

    async def talk() -> None:
        first = asyncio.create_task(workers.run(work))
        assert await asyncio.to_thread(at_work.wait, _LONG_S)
        second = asyncio.create_task(answered(posted("xml", comment="x" * 17_000)))
        await asyncio.sleep(0)
        third = await handle(posted("xml", comment="x" * 17_000))
        assert (third.status, third.headers["Retry-After"]) == (503, "1")
        assert b'"transient"' in third.body
        assert b"busy with large requests: 1 jobs are waiting" in third.body
        assert (await handle(posted("json"))).status == 201
        done.set()
        assert await first
        assert (await second).status == 201

    asyncio.run(asyncio.wait_for(talk(), _LONG_S))


@pytest.mark.parametrize("length", [10, 17_000])
def test_the_registry_is_asked_on_the_loop_alone(length: int) -> None:
    """In a thread, another could register the same pointer between the rule that asks for it and the storing."""
    registry = NotingRegistry(_SERVICE.codec.write, json.reparse)
    registry.threads = []
    service = dataclasses.replace(_SERVICE, registry=registry, strictness=Strictness(refuse_duplicates=True))

    async def talk() -> str:
        await accepted(service, posted("json", comment="x" * length))
        with pytest.raises(RuleBroken, match="is registered already"):
            await accepted(service, posted("json", comment="x" * length))
        return threading.current_thread().name

    on_the_loop = asyncio.run(talk())
    assert registry.threads == [on_the_loop] * 2


@pytest.mark.parametrize(("length", "jobs"), [(12_000, 0), (17_000, 1)])
def test_a_large_body_that_is_only_validated_is_validated_in_a_worker(length: int, jobs: int) -> None:
    """$validate takes as long as a registration."""
    workers = CountingWorkers()
    service, request = dataclasses.replace(_SERVICE, workers=workers), posted("json", comment="x" * length)
    found = asyncio.run(service.validate(request, _SERVICE.codec.read(request.body, "json")))
    assert not [each for each in found if each.severity == "error"]
    assert workers.jobs == jobs


def test_an_instant_is_the_clocks_to_the_millisecond() -> None:
    """No float makes one too few of it: 1.001 s are 1,000.9999 ms."""
    for thousandths in range(1_000):
        clock = Clock(lambda: 0.0, start=datetime(1970, 1, 1, 0, 0, 1, thousandths * 1_000, tzinfo=UTC))
        assert dataclasses.replace(_SERVICE, clock=clock).now().microsecond == thousandths * 1_000
