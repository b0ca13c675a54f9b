"""Rate limits: so many requests of a client in a window of the sandbox's clock."""

from datetime import timedelta

import pytest

from registry_sandbox.runtime import rate_limiter
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.rate_limiter import RateLimiter, read_rate_limit


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock(lambda: 1_000_000.0, frozen=True)


def limiter(clock: Clock, limit: str = "2/s") -> RateLimiter:
    """Return a limiter."""
    return RateLimiter(read_rate_limit(limit), clock)


def test_the_requests_beyond_the_limit_wait_for_the_end_of_the_window(clock: Clock) -> None:
    """A window begins with a client's first request, and a new one after it."""
    of_two = limiter(clock, "2/m")
    assert [of_two.wait_s("a") for _ in range(3)] == [0, 0, 60]
    clock.advance(timedelta(seconds=59.5))
    assert of_two.wait_s("a") == 1
    clock.advance(timedelta(seconds=0.5))
    assert [of_two.wait_s("a") for _ in range(3)] == [0, 0, 60]


def test_each_client_has_a_window_of_its_own(clock: Clock) -> None:
    """What one sends does not limit another."""
    of_two = limiter(clock)
    assert [of_two.wait_s(client) for client in "aababb"] == [0, 0, 0, 1, 0, 1]


def test_a_clock_that_is_set_back_begins_a_new_window(clock: Clock) -> None:
    """Else a client would wait until the clock has caught up."""
    of_one = limiter(clock, "1/h")
    of_one.wait_s("a")
    clock.advance(timedelta(seconds=-1))
    assert of_one.wait_s("a") == 0


def test_the_client_heard_of_longest_ago_is_forgotten_first(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of clients is bounded."""
    monkeypatch.setattr(rate_limiter, "MAX_CLIENTS", 2)
    of_two = limiter(clock)
    for client in "abac":
        of_two.wait_s(client)
    assert [of_two.wait_s(client) for client in "ab"] == [1, 0]


def test_it_can_forget_everything(clock: Clock) -> None:
    """As a reset does."""
    of_one = limiter(clock, "1/h")
    of_one.wait_s("a")
    of_one.clear()
    assert of_one.wait_s("a") == 0


@pytest.mark.parametrize("text", ["0/s", "5", "5/d", "/s", "-1/s", "5/s ", "1000000/s", "\u0665/s"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    """The message shows one."""
    with pytest.raises(ValueError, match="such as 5/s"):
        read_rate_limit(text)
