"""How values are spelled: no text and no number is recognised that the schema does not take."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_sandbox.fhir import json as fhir_json
from registry_sandbox.validation.lexical import PLAIN
from tests.unit.validation.recognising import TEXTS, TYPES, VALUES, appointment_with, is_recognised, recognises

_URL = "http://x.test/extension"


@pytest.mark.parametrize("of_type", sorted(TYPES))
def test_each_spelling_of_each_type(of_type: str) -> None:
    """Whether it is a good one is the schema's to say."""
    for value in [*VALUES, *TEXTS]:
        recognises(appointment_with(extension=[{"url": _URL, TYPES[of_type]: value}]))


@pytest.mark.parametrize("member", ["url", "id"])
def test_each_spelling_of_an_attribute(member: str) -> None:
    """What XML has as attributes: the URL of an extension, the id of an element."""
    for value in [*VALUES, *TEXTS]:
        recognises(appointment_with(extension=[{member: value, "valueCode": "a"}]))


@pytest.mark.parametrize("of_type", [each for each in PLAIN if each in TYPES])
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_all_that_is_plainly_spelled(of_type: str, data: st.DataObject) -> None:
    """Texts drawn from the patterns themselves: each is recognised, and the schema takes it."""
    name = TYPES[of_type]
    # Hypothesis knows no possessive quantifiers; without them the same texts match.
    pattern = PLAIN[of_type].replace("++", "+").replace("*+", "*")
    value = data.draw(st.from_regex(pattern, fullmatch=True))
    assert recognises(appointment_with(extension=[{"url": _URL, name: value}]))


@pytest.mark.parametrize("of_type", ["code", "string", "uri"])
@settings(max_examples=300, deadline=None)
@given(st.text(max_size=6))
def test_any_text(of_type: str, value: str) -> None:
    """Any characters whatever."""
    recognises(appointment_with(extension=[{"url": _URL, TYPES[of_type]: value}]))


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
