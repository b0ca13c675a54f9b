"""Instants: compared exactly, and no other spelling is taken for one."""

import pytest

from sandbox.fhir.datatypes import instant, instant_of, same_instant


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
