"""Rate limits: how many requests a client may send in a window of time, on the sandbox's clock."""

import math
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from registry_sandbox.runtime.clock import Clock

MAX_CLIENTS: Final = 10_000
PATTERN: Final = r"[1-9][0-9]{0,5}/[smh]"
EXPECTED: Final = "requests per second, minute or hour, such as 5/s"
_WINDOWS: Final = {"s": (1, "second"), "m": (60, "minute"), "h": (3600, "hour")}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many requests a client may send in a window of `window_s` seconds."""

    requests: int
    window_s: int
    window: str

    def __str__(self) -> str:
        """Return the limit as messages name it."""
        return f"{self.requests} requests per {self.window}"


def read_rate_limit(text: str) -> RateLimit:
    """Read a limit such as `5/s`, `100/m` or `1000/h`.

    Raises:
        ValueError: the text is not a limit; the message says what is expected.
    """
    if not re.fullmatch(PATTERN, text, re.ASCII):
        raise ValueError(EXPECTED)
    requests, _, unit = text.partition("/")
    return RateLimit(int(requests), *_WINDOWS[unit])


class RateLimiter:
    """Counts the requests of each client in windows. A window begins with the first request after the last window.

    Windows are on the sandbox's clock. If the clock is frozen, a client that is over its limit stays so until the clock
    is moved. With too many clients, the one whose last request is oldest is forgotten.
    """

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        self.limit = limit
        self._clock = clock
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def clear(self) -> None:
        """Forget all requests."""
        self._windows.clear()

    @property
    def windows(self) -> dict[str, tuple[float, int]]:
        """When the window of each client began (in seconds on the sandbox's clock), and how many requests it has."""
        return dict(self._windows)

    def resume(self, windows: Mapping[str, tuple[float, int]]) -> None:
        """Count on from these windows."""
        self._windows = OrderedDict(windows)

    def wait_s(self, client: str) -> int:
        """Count a request. Return 0 if the client may send it, else the seconds until it may send the next."""
        now_s = self._clock.timestamp()
        begun_s, sent = self._windows.pop(client, (now_s, 0))
        if not begun_s <= now_s < begun_s + self.limit.window_s:  # over, or the clock was set back
            begun_s, sent = now_s, 0
        self._windows[client] = (begun_s, sent + 1)
        if len(self._windows) > MAX_CLIENTS:
            self._windows.popitem(last=False)
        return 0 if sent < self.limit.requests else math.ceil(begun_s + self.limit.window_s - now_s)
