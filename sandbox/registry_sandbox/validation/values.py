"""Constraints on a value itself: fixed, pattern, the least and the greatest value.

Source: https://hl7.org/fhir/STU3/elementdefinition-definitions.html (fixed, pattern, minValue, maxValue)
"""

import re
import warnings
from calendar import monthrange
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)


def pattern(expression: str) -> re.Pattern[str]:
    r"""Compile the regular expression of a `matches`; digits and spaces are ASCII's, and `$` is the very end.

    Python's `$` would let a newline follow, so that "1234567890\n" had ten digits and nothing else.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # what Python may one day read differently is plain to read now
        return re.compile(re.sub(r"(?<!\\)\$(?=$|\))", r"\\Z", expression), re.ASCII)


def same(value: object, wanted: object) -> bool:
    """Return whether a value is exactly the fixed one: nothing missing, nothing more.

    The order of the items of a list counts; a number is the same whatever zeros it is written with.
    """
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict) and value.keys() == wanted.keys() and all(same(value[k], wanted[k]) for k in wanted)
        )
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(same, value, wanted))
    return _simple_same(value, wanted)


def holds_pattern(value: object, wanted: object) -> bool:
    """Return whether a value has all that a pattern has; it may have more."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(
            key in value and holds_pattern(value[key], part) for key, part in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(value, list) and all(any(holds_pattern(item, part) for item in value) for part in wanted)
    return _simple_same(value, wanted)


def _simple_same(value: object, wanted: object) -> bool:
    # A boolean is no number in FHIR, though it is one in Python.
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


def earliest(text: object) -> datetime | None:
    """Return the first instant that a date, dateTime or instant may mean; None if the text is none of these.

    A value without a zone is read as UTC. For years and offsets beyond what `datetime` holds, return None.
    """
    parts = _parts(text)
    return None if parts is None else _earliest(*parts)


def _earliest(year: str, month: str | None, day: str | None, *time: str | None) -> datetime | None:
    hour, minute, second, fraction, zone = time
    try:
        return _instant(year, month or "01", day or "01", hour or "00", minute or "00", second or "00", fraction, zone)
    except (ValueError, OverflowError):
        return None


def moment(text: object) -> tuple[datetime, datetime] | None:
    """Return the first and the last instant that a date, dateTime or instant may mean; None if it is none of these.

    One with less than seconds stands for the whole of its year, month, day.
    """
    parts = _parts(text)
    first = None if parts is None else _earliest(*parts)
    if first is None or parts is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = parts
    try:
        last_month = month or "12"
        last_day = day or str(monthrange(int(year), int(last_month))[1])
        last = _instant(
            year, last_month, last_day, hour or "23", minute or "59", second or "59", fraction or "999999", zone
        )
    except (ValueError, OverflowError):
        return None
    return first, last


def _parts(text: object) -> tuple[Any, ...] | None:
    matched = _DATE_TIME.fullmatch(text) if isinstance(text, str) else None
    return matched.groups() if matched else None


def _instant(*parts: str | None) -> datetime:
    year, month, day, hour, minute, second, fraction, zone = parts
    micro = (fraction or "").ljust(6, "0")[:6]
    text = f"{year}-{month}-{day}T{hour}:{minute}:{second}.{micro}{zone if zone and zone != 'Z' else '+00:00'}"
    return datetime.fromisoformat(text).astimezone(UTC)


def number(value: object) -> Decimal | None:
    """Return a value as a number, or None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(str(value))


def before(value: object, limit: object) -> bool | None:
    """Return whether a value lies below a limit of the same kind; None if the two cannot be compared.

    Of a Quantity the value counts, if the unit is the same. A date that may mean an instant on either side of the limit
    is not below it.
    """
    if isinstance(value, dict) and isinstance(limit, dict):
        if (value.get("system"), value.get("code")) != (limit.get("system"), limit.get("code")):
            return None
        return before(value.get("value"), limit.get("value"))
    first, second = number(value), number(limit)
    if first is not None and second is not None:
        return first < second
    one, other = moment(value), moment(limit)
    if one is not None and other is not None:
        return one[1] < other[0]
    if isinstance(value, str) and isinstance(limit, str) and ":" in limit and one is None:
        return value < limit  # times of day, which are written so that text order is their order
    return None
