"""Instants as FHIR writes them: compared exactly, whatever their fraction and offset, and never rewritten.

Source: FHIR STU3, Data Types, instant and dateTime.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

Instant = tuple[int, str]
"""Seconds since year 1 in UTC, and the digits of the fraction without trailing zeros; compares as time does.

`datetime` is not used for what clients send: it cannot hold year 1 or 9999 with an offset, nor long fractions.
"""

_EPOCH_S = date(1970, 1, 1).toordinal() * 86_400
_TO_THE_SECOND = len("2019-01-17T15:00:00")
_IN_UTC = ("Z", "+00:00")

# ASCII digits only, and a zone: `datetime.fromisoformat` would let full-width digits and week dates pass.
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d+))?(?:Z|([+-])(0\d|1[0-3]|14):([0-5]\d))",
    re.ASCII,
)


def instant(text: str) -> Instant:
    """Read an instant.

    Raises:
        ValueError: the text is not an instant.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an instant such as 2019-01-17T15:00:00.000Z")
    year, month, day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = match.groups()
    seconds = date(int(year), int(month), int(day)).toordinal() * 86_400
    seconds += int(hour) * 3600 + int(minute) * 60 + int(second)
    if sign:
        offset_s = int(zone_hours) * 3600 + int(zone_minutes) * 60
        seconds -= offset_s if sign == "+" else -offset_s
    return seconds, (fraction or "").rstrip("0")


def same_instant(one: object, other: object) -> bool:
    """Return True if both are spellings of one instant (`Z` or `+00:00`, with or without zeros in the fraction)."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    try:
        return instant(one) == instant(other)
    except ValueError:
        return False


def are_past(texts: Iterable[str], timestamp_s: float) -> list[bool]:
    """Return for each text whether it is an instant before the timestamp (seconds since 1970)."""
    this_second = _second(int(timestamp_s))
    return [
        # In the same zone, texts are in the order of time.
        second < this_second
        if (second := text[:_TO_THE_SECOND]) != this_second and text.endswith(_IN_UTC)
        else _is_past(text, timestamp_s)
        for text in texts
    ]


@lru_cache(maxsize=64)  # under load, exchanges share a second
def _second(whole_s: int) -> str:
    return datetime.fromtimestamp(whole_s, UTC).isoformat()[:_TO_THE_SECOND]


def _is_past(text: str, timestamp_s: float) -> bool:
    try:
        return instant(text) < instant_of(timestamp_s)
    except ValueError:
        return False


def instant_of(timestamp_s: float) -> Instant:
    """Return a timestamp (seconds since 1970) as an instant, to the microsecond."""
    microseconds = int(timestamp_s * 1_000_000)
    return _EPOCH_S + microseconds // 1_000_000, f"{microseconds % 1_000_000:06d}".rstrip("0")


def datetime_of(text: str) -> datetime:
    """Read an instant as an aware datetime, to the microsecond.

    Raises:
        ValueError: the text is not an instant, or in UTC it is outside the years 1 to 9999.
    """
    whole_s, fraction = instant(text)
    try:
        since = timedelta(days=-1, seconds=whole_s, microseconds=int(f"{fraction:0<6.6}"))
        return datetime(1, 1, 1, tzinfo=UTC) + since
    except OverflowError as error:
        raise ValueError(f"{text!r} is an instant beyond the years 1 to 9999") from error


@lru_cache(maxsize=64)
def write_instant(moment: datetime) -> str:
    """Write an aware datetime as an instant in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def write_timestamp(timestamp_s: float) -> str:
    """Write a timestamp (seconds since 1970) as an instant in UTC, to the millisecond."""
    return write_instant(datetime.fromtimestamp(timestamp_s, UTC))
