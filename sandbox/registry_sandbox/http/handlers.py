"""The types of handlers, middlewares and checks."""

from collections.abc import Awaitable, Callable

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

Handler = Callable[[Request], Awaitable[Response]]
Middleware = Callable[[Request, Handler], Awaitable[Response]]
Check = Callable[[Request], Awaitable[None] | None]
"""A step that refuses a request by raising a SandboxError, or lets it pass; one that has to wait returns an awaitable.

At most one check of a pipeline waits."""
