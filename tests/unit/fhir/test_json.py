"""JSON is read strictly, and written digit for digit."""

from decimal import Decimal

import pytest

from registry_sandbox.fhir import json


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "expecting value"),
        (b"{", "expecting property name"),
        (b'{"a":1,}', "line 1, column [78]"),
        (b"{'a':1}", "double quotes"),
        (b'{"a":01}', "expecting ',' delimiter"),
        (b'{"a":1} x', "extra data"),
        (b'\n {"a":1}\n  x ', "extra data.*line 3, column 3"),
        (b'\n {"a":}', "line 2, column 7"),
        (b'\f{"a":1}', "expecting value"),
        (b'{"a":1}\f', "extra data"),
        (b'{"a":"\t"}', "invalid control character"),
        (b'\xef\xbb\xbf{"a":1}', "byte order mark"),
        ('{"a":1}'.encode("utf-16"), "byte order mark"),
        ('{"a":1}'.encode("utf-16-be"), "expecting"),
        (b'{"a":"\xff"}', "not UTF-8: byte 7"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(body: bytes, said: str) -> None:
    """Each leniency that a parser might have is refused, in words that name the place."""
    with pytest.raises(json.NotJson, match=said):
        json.parse(body)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e3", "1E-7", "1.5e+10"])
def test_numbers_that_fhir_does_not_know_are_left_as_flaws(text: str) -> None:
    """A number that JSON or FHIR does not have is marked where it stands, for the reader to name its path."""
    value = json.parse(f'{{"a": [{text}]}}'.encode())["a"][0]
    assert isinstance(value, json.Flaw)
    assert text in value


def test_a_repeated_name_is_marked_on_its_object() -> None:
    """Duplicate names do not vanish silently: the object says which name it was."""
    value = json.parse(b'{"a": {"b": 1, "c": 2, "b": 3}}')["a"]
    assert isinstance(value, json.Repeated)
    assert value.name == "b"


@pytest.mark.parametrize(
    "text", ["1.50", "0.0000001", "-0", "-0.0", "5", "123456789012345678901234567890", "100.000", "9" * 5000]
)
def test_numbers_keep_every_digit(text: str) -> None:
    """What is written is what was read, digit for digit and without exponent."""
    assert json.dumps(json.parse(f'{{"a":{text}}}'.encode())) == f'{{"a":{text}}}'.encode()


def test_strings_cannot_pass_for_the_mark_of_a_decimal() -> None:
    """A text that looks like the encoder's mark for decimals comes out as the text that it is."""
    resource = {"a": "\\u00001.50", "b": Decimal("1.50"), "c": '"\\u0000x"', "d": "é\U0001f600"}
    assert json.parse(json.dumps(resource)) == resource
    assert b'"b":1.50,' in json.dumps(resource)


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", "an empty string"),
        ("a\0b", "U+0000"),
        ("\x1b", "U+001B"),
        ("\ud800", "U+D800"),
        ("\uffff", "U+FFFF"),
        ("plain", ""),
        ("tab\tline\r\nend", ""),
        ("é\U0001f600\x85", ""),
    ],
)
def test_text_that_xml_cannot_carry_is_flawed(text: str, flaw: str) -> None:
    """A string is flawed exactly if the XML of the same resource could not hold it."""
    assert flaw in json.flaw_of(text)
    assert bool(flaw) == bool(json.flaw_of(text))


def test_quoted_values_are_short_and_printable() -> None:
    """Whatever was sent, a message quotes at most about eighty characters of it, none of them a control character."""
    assert len(json.quoted("x" * 1_000_000)) < 90
    assert json.quoted("a\x1b\u202eb").isprintable()
