"""The pipeline of the FHIR base: the steps of every exchange, in the order of the contract.

One function takes all the steps, and awaits only if there is something to wait for. Most exchanges only look something
up; a coroutine for each step would cost more than the steps themselves.
"""

import time
from collections.abc import Awaitable, Sequence
from functools import partial, reduce
from typing import Protocol

from registry_sandbox.http.common_headers import CommonHeaders
from registry_sandbox.http.compression import WORTH_COMPRESSING_BYTES, compress
from registry_sandbox.http.cors import is_preflight, preflight_answer
from registry_sandbox.http.field_names import ACCEPT_ENCODING
from registry_sandbox.http.handlers import Check, Handler, Middleware
from registry_sandbox.http.negotiation import note_answer_format, represent
from registry_sandbox.http.outcomes import is_unexpected, log_failure, refused
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.runtime.workers import WorkersBusy


class Faults(Protocol):
    """The step that injects faults: it may act in place of the interaction."""

    def cannot_match(self, request: Request) -> bool:
        """Return True if no fault rule can match the request, as far as that can be seen at once."""
        ...

    def __call__(self, request: Request, handler: Handler) -> Awaitable[Response]:
        """Answer in place of the handler, or let it answer."""
        ...


class Pipeline:
    """Answers requests under the FHIR base.

    Args:
        checks: each may refuse a request. They run in this order, and the first refusal is the answer.
        faults: may act in place of the interaction.
        service: what the interactions work with.
        common_headers: adds the headers of every answer.
        journal: notes every exchange.
    """

    def __init__(
        self,
        *,
        checks: Sequence[Check],
        faults: Faults,
        service: RegistryService,
        common_headers: CommonHeaders,
        journal: Journal,
    ) -> None:
        self._checks = tuple(checks)
        self._faults = faults
        self._service = service
        self._workers = service.workers
        self._write = service.codec.write
        self._common_headers = common_headers
        self._journal = journal

    async def __call__(self, request: Request) -> Response:
        """Answer a request. If there is something to wait for, the journal shows it at once."""
        started_s = time.monotonic()
        failure: Exception | None = None
        try:
            begun = self._begun(request)
            if isinstance(begun, Response):
                response = begun
            else:
                self._journal.begin(request)
                response = await begun
        except Exception as error:  # noqa: BLE001 - what we did not foresee is our bug, and the client's 500
            response = refused(error)
            if is_unexpected(error):
                failure = error
            else:  # its frames lead back to the request, in a circle that only the garbage collector would free
                error.__traceback__ = None
        if response.content is not None and response.content.large:
            self._journal.begin(request)
            response = await self._represented(request, response)
        else:
            represent(response, request.answer_format, self._write)
        if len(response.body) >= WORTH_COMPRESSING_BYTES and ACCEPT_ENCODING in request.headers:
            await compress(request, response, self._workers)
        self._common_headers.add_to(request, response)
        if failure is not None:
            log_failure(f"in {request.method} {request.path}", response, failure)
        if request.injected is not None:
            settled = request.injected.finish(response)
            if settled is not None:
                await settled
        self._journal.note(request, response, started_s)
        return response

    async def _represented(self, request: Request, response: Response) -> Response:
        """Encode what is large in a thread; refuse to read it if all are busy."""
        try:
            await self._workers.run(represent, response, request.answer_format, self._write)
        except WorkersBusy as busy:
            # What is stored is stored: 503 would say that it is not.
            response = response if request.declared.writes else refused(busy)
            represent(response, request.answer_format, self._write)
        return response

    def _begun(self, request: Request) -> Response | Awaitable[Response]:
        """Return the answer, or an awaitable for it if the interaction has to wait."""
        if is_preflight(request):
            return preflight_answer(request)
        note_answer_format(request)  # first, so that every refusal has this format
        for check in self._checks:
            waiting = check(request)
            if waiting is not None:
                return self._begun_later(request, waiting, check)
        return self._answered(request)

    async def _begun_later(self, request: Request, waiting: Awaitable[None], waits: Check) -> Response:
        """Go on once a check is done that has to wait for others than this process."""
        await waiting
        for check in self._checks[self._checks.index(waits) + 1 :]:
            check(request)
        answered = self._answered(request)
        return answered if isinstance(answered, Response) else await answered

    def _answered(self, request: Request) -> Response | Awaitable[Response]:
        if self._faults.cannot_match(request):
            return request.declared.answer(request, self._service)
        return self._faults(request, partial(perform, service=self._service))


async def perform(request: Request, service: RegistryService) -> Response:
    """Let the interaction answer; `service` is the one that faults may have changed."""
    answer = request.declared.answer(request, service)
    return answer if isinstance(answer, Response) else await answer


def with_middlewares(middlewares: Sequence[Middleware], last: Handler) -> Handler:
    """Return a handler that calls the middlewares, the first of them outermost, and then the last handler."""

    def behind(handler: Handler, middleware: Middleware) -> Handler:
        return lambda request: middleware(request, handler)

    return reduce(behind, reversed(middlewares), last)
