"""The check that a client keeps to the rate limit, if one is set.

Source: registry.md section 3, check 2b; RFC 6585 section 4 (429); RFC 9110 section 10.2.3 (Retry-After).
"""

from collections.abc import Awaitable, Callable

from registry_sandbox.http.errors import TooManyRequests
from registry_sandbox.http.request import Request
from registry_sandbox.runtime.rate_limiter import RateLimit, RateLimiter


def require_rate(request: Request, limiter: RateLimiter) -> None:
    """Count a request of a client.

    Raises:
        TooManyRequests: the client is over its limit; `Retry-After` says when it may send the next request.
    """
    if not request.declared.needs_token and not request.client.name:
        return  # the client is unknown
    wait_s = limiter.wait_s(request.client.name)
    if wait_s:
        raise TooManyRequests(too_many(limiter.limit, wait_s), headers={"Retry-After": str(wait_s)})


async def require_shared_rate(request: Request, limit: RateLimit, wait_s: Callable[[str], Awaitable[int]]) -> None:
    """Count a request of a client where others count with us; `wait_s` returns how long a client has to wait.

    Raises:
        TooManyRequests: likewise.
    """
    if not request.declared.needs_token and not request.client.name:
        return
    waiting_s = await wait_s(request.client.name)
    if waiting_s:
        raise TooManyRequests(too_many(limit, waiting_s), headers={"Retry-After": str(waiting_s)})


def too_many(limit: RateLimit, wait_s: int) -> str:
    """Return the message to a client over its limit."""
    return f"This client has sent more than {limit}; expected the next request after {wait_s} s (Retry-After)."
