"""How values are spelled: no text and no number is recognised that the schema does not take."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.fhir import json as fhir_json
from sandbox.validation.lexical import PLAIN
from tests.unit.drawn import FACTS
from tests.unit.validation.recognising import VALUES, appointment_with, is_recognised, recognises

_URL = "http://x.test/extension"

_TEXTS = [
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
    "http://a/^`", "http://a//b", "http://a/../b", "http://a?b?c", "http://a/?b#c?d/e", "http://a#b#c", "https://a",
    "HTTP://A", "ftp://a", "mailto:a@b", "http://é.test", "http://a/é", "http://a/ b", " http://a", "http://a ",
    "http://a\n", "http://a\u2028", "http://a\u00a0b", "http://a/'", "http://a/(b)", "http://a/b;c,d=e+f$g!h*i",
    "http://a/~b", "true", "TRUE", "1", "01",
]  # fmt: skip

_OF_TYPE = sorted((each.type, each.name) for each in FACTS.types["Extension"].elements if each.choice)


@pytest.mark.parametrize("of_type", sorted({of_type for of_type, _ in _OF_TYPE if FACTS.types[of_type].json}))
def test_each_spelling_of_each_type(of_type: str) -> None:
    """Whether it is a good one is the schema's to say."""
    for name in (name for stated, name in _OF_TYPE if stated == of_type):
        for value in [*VALUES, *_TEXTS]:
            recognises(appointment_with(extension=[{"url": _URL, name: value}]))


@pytest.mark.parametrize("member", ["url", "id"])
def test_each_spelling_of_an_attribute(member: str) -> None:
    """What XML has as attributes: the URL of an extension, the id of an element."""
    for value in [*VALUES, *_TEXTS]:
        recognises(appointment_with(extension=[{member: value, "valueCode": "a"}]))


@pytest.mark.parametrize("of_type", [each for each in PLAIN if each in dict(_OF_TYPE)])
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_all_that_is_plainly_spelled(of_type: str, data: st.DataObject) -> None:
    """Texts drawn from the patterns themselves: each is recognised, and the schema takes it."""
    name = dict(_OF_TYPE)[of_type]
    # Hypothesis knows no possessive quantifiers; without them the same texts match.
    pattern = PLAIN[of_type].replace("++", "+").replace("*+", "*")
    value = data.draw(st.from_regex(pattern, fullmatch=True))
    assert recognises(appointment_with(extension=[{"url": _URL, name: value}]))


@pytest.mark.parametrize("of_type", ["code", "string", "uri"])
@settings(max_examples=300, deadline=None)
@given(st.text(max_size=6))
def test_any_text(of_type: str, value: str) -> None:
    """Any characters whatever."""
    recognises(appointment_with(extension=[{"url": _URL, dict(_OF_TYPE)[of_type]: value}]))


@pytest.mark.parametrize(
    "number",
    ["-0", "0", "1", "01", "1.0", "1e0", "1E2", "-1", "2147483647", "2147483648", "-2147483648", "-2147483649", "0.0",
     "999999999999999999", "9" * 5000, "NaN", "Infinity", "-Infinity", "true", '"1"', "null"],
)  # fmt: skip
@pytest.mark.parametrize("member", ["valueInteger", "valuePositiveInt", "valueUnsignedInt", "valueDecimal"])
def test_each_spelling_of_a_number(member: str, number: str) -> None:
    """As it stands in the text: what has a point, an exponent or too many digits is no integer."""
    body = f'{{"resourceType":"Appointment","extension":[{{"url":"u","{member}":{number}}}]}}'.encode()
    try:
        assert not is_recognised(body) or number in {"0", "1", "-1", "2147483647", "-2147483648"}
    except fhir_json.NotJson:
        assert number == "01"


def test_texts_of_any_length() -> None:
    """Whatever the parser of XML may hold against long texts is not recognised in the first place."""
    for letters in ("x", "&", '"', "\n", "é", "\U0001f600"):
        text = letters * (990_000 // len(json.dumps(letters, ensure_ascii=False).encode()[1:-1]))
        assert is_recognised(json.dumps(appointment_with(comment=text), ensure_ascii=False).encode())
    assert not recognises(appointment_with(comment="x" * 1_000_000))
    long = {"valueInstant": f"2019-01-17T15:00:00.{'5' * 900_000}Z", "valueCode": "a " * 400_000 + "a",
            "valueOid": "urn:oid:1" + ".2" * 400_000, "valueUri": "urn:" + "a:" * 400_000}  # fmt: skip
    for name, value in long.items():
        assert recognises(appointment_with(extension=[{"url": _URL, name: value}]))
