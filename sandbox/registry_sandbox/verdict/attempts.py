"""Attempts: the times that a client sent the same request, because the one before had failed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from itertools import pairwise
from typing import Final

from registry_sandbox.registry.store import pointers_of
from registry_sandbox.verdict.seen import Seen

PATIENCE_S: Final = 70.0
"""The longest pause that a retry needs: exponential backoff is usually bounded at 32 or 64 seconds."""

_GOING_ON: Final = 4.0  # how many times the pause before it a longer one may be, and still be a retry


OneRun = Callable[[Seen, Seen], bool | None]


@dataclass(frozen=True, slots=True)
class Attempts:
    """A request and its retries: at least two, and all but the last have failed.

    Attributes:
        seen: in order.
        one_run: whether one process of the client sent them all; None where nobody can tell.
    """

    seen: tuple[Seen, ...]
    one_run: bool | None

    @property
    def pauses(self) -> tuple[tuple[Seen, float], ...]:
        """Each attempt but the last, with the seconds from its end to the beginning of the next."""
        pairs = pairwise(self.seen)
        return tuple((one, max(next_.began_s - one.ended_s, 0.0)) for one, next_ in pairs)

    @property
    def own_pauses(self) -> tuple[float, ...]:
        """The pauses that the client has chosen itself: none follows a Retry-After."""
        return tuple(pause for one, pause in self.pauses if retry_after_s(one) is None)


def same_request(seen: Seen) -> tuple[str, ...]:
    """Return what two attempts at one thing share: a registration its pointer, a cancel its appointment and version."""
    request = seen.exchange.request
    if seen.interaction == "create" and seen.sent is not None:
        return (request.method, request.path, *pointers_of(seen.sent))
    if seen.interaction == "update":
        return (request.method, seen.appointment, seen.if_match)
    body = blake2b(request.body, digest_size=8).hexdigest() if request.body else ""
    return (request.method, seen.url, body if seen.interaction != "token" else "")


def attempts(exchanges: Iterable[Seen], one_run: OneRun) -> Iterator[Attempts]:
    """Return every request of a client that was sent again after it had failed, with its retries.

    Args:
        exchanges: of one client, in order.
        one_run: whether two of them are of one run; None where nobody can tell.
    """
    open_: dict[tuple[str, ...], list[Seen]] = {}
    for seen in exchanges:
        if not open_ and not seen.failed:  # as it mostly is
            continue
        key = same_request(seen)
        tried = open_.pop(key, [])
        if tried and not _is_retry(tried, seen, one_run):
            yield from _closed(tried, one_run)
            tried = []
        tried.append(seen)
        if seen.failed:
            open_[key] = tried
        else:
            yield from _closed(tried, one_run)
    for left in open_.values():
        yield from _closed(left, one_run)


def _is_retry(tried: Sequence[Seen], seen: Seen, one_run: OneRun) -> bool:
    last = tried[-1]
    if not last.precedes(seen) or one_run(last, seen) is False:
        return False
    pause = seen.began_s - last.ended_s - (retry_after_s(last) or 0.0)
    pause_before = last.began_s - tried[-2].ended_s if len(tried) > 1 else 0.0
    return pause <= max(PATIENCE_S, _GOING_ON * pause_before)


def _closed(tried: Sequence[Seen], one_run: OneRun) -> Iterator[Attempts]:
    if len(tried) > 1:
        runs = [one_run(tried[0], each) for each in tried[1:]]
        yield Attempts(tuple(tried), True if all(runs) else None)


def retry_after_s(seen: Seen) -> float | None:
    """Return the seconds that Retry-After asks to wait; None where the answer has none that can be read."""
    value = seen.answer_header("Retry-After").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        until, said = parsedate_to_datetime(value), parsedate_to_datetime(seen.answer_header("Date"))
        return max((until - said).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
