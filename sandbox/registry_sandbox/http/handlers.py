"""The types of handlers, middlewares and checks."""

from collections.abc import Awaitable, Callable

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

Handler = Callable[[Request], Awaitable[Response]]
Middleware = Callable[[Request, Handler], Awaitable[Response]]
Check = Callable[[Request], None]
"""A step that refuses a request by raising a SandboxError, or lets it pass."""
