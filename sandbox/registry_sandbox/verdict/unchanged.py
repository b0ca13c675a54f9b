"""Whether a request is the same as another one, and whether anything has changed that could make it succeed."""

from bisect import bisect_right
from http import HTTPStatus
from typing import Final

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.seen import Seen

_OF_NO_MATTER: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "date",
        "host",
        "keep-alive",
        "ssp-traceid",
        "traceparent",
        "tracestate",
        "user-agent",
        "x-correlation-id",
        "x-request-id",
    }
)
"""Headers that differ from one attempt to the next and mend nothing."""


def unchanged(seen: Seen) -> tuple[object, ...]:
    """Return what two requests share if one repeats the other unchanged."""
    request = seen.exchange.request
    headers = (
        f"{name.lower()}: {value}" for name, value in request.headers.items() if name.lower() not in _OF_NO_MATTER
    )
    return request.method, seen.url, request.body, seen.exchange.request_bytes, *sorted(headers)


def mended(client: Conversation, one: Seen, other: Seen) -> bool:
    """Return True if something was written or done to the sandbox between two requests."""
    writes = client.evidence.writes
    return client.evidence.steered(one, other) or bisect_right(writes, one.number) < bisect_right(
        writes, other.number - 1
    )


def expired(seen: Seen) -> bool:
    """Return True for a 403 to a token that was not valid yet, or no more."""
    token, now_s = seen.token, seen.exchange.at_s
    if seen.status != HTTPStatus.FORBIDDEN or token is None:
        return False
    begins_s, expires_s = token.begins_s, token.expires_s
    return (expires_s is not None and now_s >= expires_s) or (begins_s is not None and now_s < begins_s)
