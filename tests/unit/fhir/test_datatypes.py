"""Instants: compared exactly, and no other spelling is taken for one."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_sandbox.fhir.datatypes import are_past, instant, instant_of, same_instant


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2019-01-17T15:00:00Z", "2019-01-17T15:00:00+00:00"),
        ("2019-01-17T15:00:00Z", "2019-01-17T15:00:00.000Z"),
        ("2019-01-17T15:00:00.620Z", "2019-01-17T15:00:00.62-00:00"),
        ("2019-01-17T15:00:00Z", "2019-01-17T16:30:00+01:30"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00.0+14:00"),
    ],
)
def test_spellings_of_the_same_instant_are_the_same(one: str, other: str) -> None:
    """Z or an offset, with zeros in the fraction or without."""
    assert same_instant(one, other)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2019-01-17T15:00:00.05Z", "2019-01-17T15:00:00.5Z"),
        ("2019-01-17T15:00:00.4999999999999999999Z", "2019-01-17T15:00:00.5Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z"),
        ("2019-01-17T15:00:00+01:00", "2019-01-17T15:00:00Z"),
    ],
)
def test_instants_are_ordered_as_time_is(earlier: str, later: str) -> None:
    """Whatever the fraction, and at both ends of the calendar."""
    assert instant(earlier) < instant(later)


@pytest.mark.parametrize(
    "text",
    [
        "2019-01-17T15:00:00",
        "2019-01-17 15:00:00Z",
        "2019-01-17T24:00:00Z",
        "2019-01-17T15:00:60Z",
        "2019-02-29T15:00:00Z",
        "0000-01-01T00:00:00Z",
        "2019-W03-4T15:00:00Z",
        "20190117T150000Z",
        "２019-01-17T15:00:00Z",  # noqa: RUF001 - a full-width digit
        "2019-01-17T15:00:00+14:60",
        "2019-01-17T15:00:00.Z",
        "2019-01-17T15:00:00Z\n",
        "",
    ],
)
def test_nothing_else_is_an_instant(text: str) -> None:
    """A missing zone, a space, hour 24, second 60, week dates, basic format, full-width digits."""
    with pytest.raises(ValueError, match=r"."):
        instant(text)


def test_a_clocks_seconds_are_comparable_with_instants() -> None:
    """To the microsecond."""
    assert instant_of(1_547_737_200.25) == instant("2019-01-17T15:00:00.25Z")


_DAY = st.datetimes(datetime(2019, 1, 17), datetime(2019, 1, 18))  # noqa: DTZ001 - the zone is drawn beside it
_ZONES = st.sampled_from([0, 90, -14 * 60]).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(_DAY, _DAY, _ZONES, st.sampled_from(["auto", "seconds"]))
def test_what_is_past_lies_before(now: datetime, end: datetime, zone: timezone, timespec: str) -> None:
    """However it is spelled: with a fraction or without, in UTC or in another zone, within the second or not."""
    clock, text = now.replace(tzinfo=UTC).timestamp(), end.replace(tzinfo=zone).isoformat(timespec=timespec)
    expected = instant(text) < instant_of(clock)
    assert are_past([text, text.replace("+00:00", "Z")], clock) == [expected, expected]


def test_what_ended_half_a_millisecond_ago_is_past() -> None:
    """A clock is read to the microsecond."""
    assert are_past(["2019-01-17T15:00:00Z"], 1_547_737_200.0005) == [True]
    assert are_past(["2019-01-17T15:00:00Z"], 1_547_737_200.0) == [False]


@pytest.mark.parametrize("text", ["", "2019", "soon"])
def test_what_is_no_instant_is_never_past(text: str) -> None:
    """An appointment without an end stays in the searches."""
    assert are_past([text], 1_924_991_999.0) == [False]
