"""Values and texts that are right for one type or another, or nearly so."""

from typing import Any

from tests.unit.drawn import FACTS

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 7, 1.0, 1.5, -0.0, 2**31, 2**31 - 1, -(2**31), -(2**31) - 1, 10**30, 10**400, "", " ",
    "a", " a", "a ", "a b", "a  b", "a\tb", "a\nb", "\n", "true", "1", "2019-01-17T15:00:00Z", "http://x.test/a b",
    "\0", "\x1f", "\x7f", "\x85", "\xa0", "\u2028", "\ud800", "\udfff", "\ufffd", "\ufffe", "\uffff", "\U0001ffff",
    "\U0010ffff", "<", "&amp;", '"', "\r\n", "]]>", "<!DOCTYPE a>", "{", "x" * 65, [], {}, [[]], [{}], [None], ["a"],
    ["a", None], ["a", 1], {"a": 1}, {"id": "only"}, {"id": ""}, [{"id": "a"}], {"value": "a"}, [{"value": "a"}],
    {"resourceType": "Bundle"}, [{"resourceType": "Bundle"}], {"resourceType": "Patient"}, {"resourceType": ["a"]},
    {"url": "u", "valueCode": "a", "valueString": "b"}, [{"url": "u", "valueCode": "a", "valueString": "b"}],
    [{"extension": [{"url": "u"}]}], [{"valueCode": "a", "url": "u"}], [{"url": "u", "_valueCode": {"id": "a"}}],
]  # fmt: skip
"""Whatever may stand where a value stands."""

TEXTS = [
    *(value for value in VALUES if isinstance(value, str)), "0000", "0000-01-01", "0001", "1000", "0100", "0010",
    "9999", "-2019", "--2019", "+2019", "02019", "2019-00", "2019-13", "2019-1", "2019-01-00", "2019-01-32",
    "2019-02-29", "2020-02-29", "1900-02-29", "2000-02-29", "2400-02-29", "0400-02-29", "0000-02-29", "0004-02-29",
    "-0004-02-29", "2019-04-31", "2019-01-17T", "2019-01-17T15:00Z", "2019-01-17T15:00:00", "2019-01-17t15:00:00z",
    "2019-01-17T24:00:00Z", "2019-01-17T23:59:60Z", "2019-01-17T15:00:00.Z", "2019-01-17T15:00:00.0Z",
    "2019-01-17T15:00:00.123456789012345678901234567890Z", "2019-01-17T15:00:00+14:00", "2019-01-17T15:00:00+14:01",
    "2019-01-17T15:00:00-13:59", "2019-01-17T15:00:00+15:00", "2019-01-17T15:00:00+0000", "2019-01-17 15:00:00Z",
    " 2019-01-17T15:00:00Z", "2019-01-17T15:00:00Z\n", "15:00:00", "15:00", "24:00:00", "15:00:00.5", "15:00:60",
    "\uff12019", "2019-01-1\u096d", "a\u00a0b", "a\u2003b", "a\vb", "a\fb", "é", "a b c d", "-", ".", "..", "A.b-9",
    "a_b", "urn:oid:1.2.3", "urn:oid:01.2", "urn:oid:1.02", "urn:oid:1.", "urn:oid:", "URN:OID:1.2",
    "urn:uuid:5b0e0000-0000-4000-8000-000000000000", "urn:uuid:5B0E0000-0000-4000-8000-000000000000",
    "5b0e0000-0000-4000-8000-000000000000", "urn:", "urn:x", ":", ":a", "a:", "a:b", "1:b", "//", "//a", "/", "/a",
    "a/b", "?", "?a", "#", "#a", "##", "a#b#c", "http:", "http://", "http:///", "http://:80", "http://a:",
    "http://a:b", "http://a:99999", "http://a:999999999999", "http://[", "http://[::1]", "http://[::1", "http://a]",
    "http://a@b", "http://a@b@c", "http://1.2.3.4", "http://999.1.2.3", "http://a..b", "http://-", "http://.",
    "http://a/%41", "http://a/%", "http://a/%4", "http://a/%zz", "http://a/{b}", "http://a/b|c", "http://a/b\\c",
    "http://a/^`", "http://a//b", "http://a/../b", "http://a?b?c", "http://a/?b#c?d/e", "http://a/?b=c&d=e",
    "http://a#b#c", "https://a",
    "HTTP://A", "ftp://a", "mailto:a@b", "http://é.test", "http://a/é", "http://a/ b", " http://a", "http://a ",
    "http://a\n", "http://a\u2028", "http://a\u00a0b", "http://a/'", "http://a/(b)", "http://a/b;c,d=e+f$g!h*i",
    "http://a/~b", "true", "TRUE", "1", "01",
]  # fmt: skip
"""Texts that are, or are nearly, values of one type or another."""

TYPES = {
    each.type: each.name for each in FACTS.types["Extension"].elements if each.choice and FACTS.types[each.type].json
}
"""The primitive types that an extension may have as its value, each with the name that this then has."""
