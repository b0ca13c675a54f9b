"""The pipeline of the FHIR base: how its steps are put one behind the other, and which are its last."""

from collections.abc import Awaitable, Sequence
from functools import reduce

from sandbox.exchange import Check, Handler, Middleware, Request, Response


def wired(middlewares: Sequence[Middleware], last: Handler) -> Handler:
    """Put the last handler behind the middlewares, the first of them outermost."""

    def behind(handler: Handler, middleware: Middleware) -> Handler:
        # Not async itself: each coroutine costs every exchange a little, and this one would only wait for the next.
        return lambda request: middleware(request, handler)

    return reduce(behind, reversed(middlewares), last)


def judged(checks: tuple[Check, ...]) -> Middleware:
    """Give the step that makes the checks in order, the first that refuses speaks."""

    async def judge(request: Request, handler: Handler) -> Response:
        for check in checks:
            check(request)
        return await handler(request)

    return judge


def interaction(request: Request) -> Awaitable[Response]:
    """Let the interaction that was found answer."""
    if request.answer is None:
        raise LookupError("a request without a route passed the check on routes")
    return request.answer(request)
