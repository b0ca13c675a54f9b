"""The small parts of a state document: the clock, the positions of the random streams, the windows of rate limits.

Source: docs/state.md.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from registry_sandbox.faults.fields import BadFault, read, read_object, require_keys
from registry_sandbox.faults.kinds import Instant, Number, Whole
from registry_sandbox.runtime.clock import Reading, require_showable
from registry_sandbox.runtime.random_streams import COUNTING_DIGITS, LAST_WORD, WORDS_BYTES, Position

Seconds = Annotated[float, Number(-1e12, 1e12)]
Count = Annotated[int, Whole(0, 10**15)]
_Seed = Annotated[int, Whole(0, 10**18 - 1)]
_Number = Annotated[int, Whole(0, 16**COUNTING_DIGITS // 2)]
"""Of the last id of a purpose: it leaves room for as many more."""

_MOST_PURPOSES: Final = 100

_WINDOW: Final = "a list of two numbers: since when (in seconds), and how many requests"


@dataclass(frozen=True, slots=True)
class _Clock:
    frozen: bool
    now: Annotated[datetime, Instant()] | None = None
    ahead_s: Seconds | None = None

    def __post_init__(self) -> None:
        """Refuse a clock that neither stands nor ticks.

        Raises:
            ValueError: the message names the member that is missing.
        """
        if (self.now if self.frozen else self.ahead_s) is None:
            raise ValueError(f"expected {'now' if self.frozen else 'ahead_s'} beside frozen")


def read_clock(value: Any, now_s: float) -> Reading:
    """Return what a clock does; `now_s` is the machine's time.

    Raises:
        BadFault: the value cannot be used.
    """
    told: _Clock = read_object(_Clock, value, "clock")
    if told.frozen and told.now is not None:
        return Reading(True, told.now.timestamp())  # noqa: FBT003
    ahead_s = told.ahead_s or 0.0
    try:
        require_showable(datetime.fromtimestamp(now_s + ahead_s, UTC))
    except (ValueError, OverflowError, OSError) as error:
        raise BadFault(f"clock.ahead_s: {ahead_s} cannot be used; it leads to a time beyond 1970 to 9989") from error
    return Reading(False, ahead_s)  # noqa: FBT003


def read_random(value: Any) -> Position:
    """Return the positions of the random streams.

    Raises:
        BadFault: the value cannot be used.
    """
    require_keys(value, ["seed", "streams", "numbered"], "random")
    seed = read(_Seed, value.get("seed"), "random.seed")
    streams = require_mapping(value.get("streams", {}), "random.streams")
    numbered = require_mapping(value.get("numbered", {}), "random.numbered")
    if len(numbered) > _MOST_PURPOSES:  # each takes a stream to begin, and little of a document
        raise BadFault(f"random.numbered: has {len(numbered)} members; expected at most {_MOST_PURPOSES}")
    return Position(
        seed,
        {name: _words(name, text) for name, text in streams.items()},
        {name: read(_Number, number, f"random.numbered.{name[:40]}") for name, number in numbered.items()},
    )


def _words(name: str, text: Any) -> bytes:
    try:
        words = base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except (binascii.Error, ValueError):
        words = b""
    if len(words) != WORDS_BYTES or int.from_bytes(words[-4:], "little") > LAST_WORD:
        raise BadFault(f"random.streams.{name[:40]}: cannot be used; expected 625 words of 32 bits in base64")
    return words


def read_windows(value: Any, place: str) -> dict[str, tuple[float, int]]:
    """Return the windows of a rate limiter by client.

    Raises:
        BadFault: the value cannot be used.
    """
    windows = {}
    for client, window in require_mapping(value, place).items():
        where = f"{place}.{client[:40]}"
        if not isinstance(window, list) or len(window) != 2:  # noqa: PLR2004 - as the message says
            raise BadFault(f"{where}: expected {_WINDOW}")
        windows[client] = read(Seconds, window[0], where), read(Count, window[1], where)
    return windows


def require_mapping(value: Any, place: str) -> dict[str, Any]:
    """Return an object, whatever its members are.

    Raises:
        BadFault: the value is none.
    """
    if not isinstance(value, dict):
        raise BadFault(f"{place}: expected an object")
    return value
