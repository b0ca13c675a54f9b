"""How primitives are spelled: what is right is read, in either format, and what is wrong is not."""

import pytest

from tests.unit.reading.refusals import is_read

_INSTANTS = """2019-02-01T10:51:23.620+00:00 2020-02-29T00:00:00Z 2000-02-29T00:00:00Z 0001-01-01T00:00:00Z
9999-12-31T23:59:59-14:00 2019-01-17T14:00:00.123456789012345+05:30"""

_NO_INSTANTS = """2019-02-01T10:51:23 2019-02-01 2019-02-29T00:00:00Z 1900-02-29T00:00:00Z 2019-02-01T24:00:00Z
2019-02-01T23:59:60Z 0000-01-01T00:00:00Z -2019-02-01T00:00:00Z 2019-13-01T00:00:00Z 2019-04-31T00:00:00Z
2019-02-01T10:51:23+14:30 2019-02-01t10:51:23z 2019-02-01T10:51:23.Z 20190201T105123Z 2019-W05-1T00:00:00Z
\uff12\uff1019-02-01T10:51:23Z 2019-02-01T10:51Z"""

_SPELLINGS = {
    "Instant": (" ".join(_INSTANTS.split()), " ".join(_NO_INSTANTS.split())),
    "Date": ("2019 2019-01 2019-01-31 2020-02-29", "2019-1 2019-02-30 0000 19 2019-01-01T00:00:00Z 20191"),
    "DateTime": (
        "2019 2019-01 2019-01-31 2019-01-17T14:00:00.000Z",
        "2019-01-17T14:00:00 2019-01-17T14:00Z 2019-02-30 2019-01-17T24:00:00Z",
    ),
    "Time": ("00:00:00 23:59:59.999", "24:00:00 12:00 12:00:00Z 23:59:60"),
    "Integer": ("0 -0 -5 2147483647 -2147483648", "2147483648 -2147483649 01 +1 1.0 1e3 99999999999"),
    "PositiveInt": ("1 2147483647", "0 -1 01 2147483648"),
    "UnsignedInt": ("0 2147483647", "-1 -0 00 2147483648"),
    "Decimal": ("0 -0 1.50 0.0000001 12345678901234567890123456789.1", "1e3 .5 1. +1 01 NaN INF"),
    "Boolean": ("true false", "1 0 True TRUE"),
    "Code": ("a &lt;=", ""),
    "Id": (f"a A-b.9 {'x' * 64}", f"a_b é {'x' * 65}"),
    "Uri": ("urn:ietf:rfc:3986 http://test.nhs.uk/test3 #a", ""),
    "Oid": ("urn:oid:1.2.3", "1.2.3 urn:oid:01.2"),
    "Base64Binary": ("AAAA YQ==", "A ==== é"),
    "String": ("a &#10; \U0001f600", ""),
}


@pytest.mark.parametrize(
    ("of_type", "value"), [(name, value) for name, (right, _) in _SPELLINGS.items() for value in right.split(" ")]
)
def test_right_spellings_of_primitives_pass(of_type: str, value: str) -> None:
    """Every precision, fraction and offset that FHIR allows."""
    assert is_read(f'<parameter><value{of_type} value="{value}"/></parameter>', "Parameters")


@pytest.mark.parametrize(
    ("of_type", "value"),
    [
        *((name, value) for name, (_, wrong) in _SPELLINGS.items() for value in [*wrong.split(" "), ""]),
        ("Code", " a"),
        ("Code", "a  b"),
        ("Code", "a&#10;b"),
        ("Instant", " 2019-02-01T10:51:23Z"),
        ("Instant", "2019-02-01 10:51:23Z"),
        ("Uri", "a b"),
    ],
)
def test_wrong_spellings_of_primitives_do_not_pass(of_type: str, value: str) -> None:
    """No missing zone, hour 24, second 60, unreal day, exponent, stray white space, or empty value."""
    assert not is_read(f'<parameter><value{of_type} value="{value}"/></parameter>', "Parameters")


@pytest.mark.parametrize(
    ("of_type", "accepted"),
    [
        ("String", True),
        ("Code", True),
        ("Uri", True),
        ("Id", False),
        ("Decimal", True),
        ("Base64Binary", True),
        ("Oid", False),
        ("Instant", False),
    ],
)
def test_a_megabyte_is_judged(of_type: str, *, accepted: bool) -> None:
    """No pattern goes back and forth over a long value: one that did would not come to an end."""
    body = f'<parameter><value{of_type} value="{"1" * 1_000_000}"/></parameter>'
    assert is_read(body, "Parameters") is accepted
