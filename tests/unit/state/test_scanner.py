"""The scanner of JSON texts that come in parts: wherever the parts end, it finds the same values."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_sandbox.state.scanner import BadText, Scanner

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def cut(text: bytes, places: list[int]) -> Iterator[bytes]:
    """Yield a text in parts that end at these places; some are empty."""
    ends = sorted(place % (len(text) + 1) for place in places)
    for begin, end in zip([0, *ends], [*ends, len(text)], strict=True):
        yield text[begin:end]


def scanned(scanner: Scanner) -> dict[str, list[tuple[Any, Any]]]:
    """Scan an object of arrays: each element, and what its own text is read as."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    for name in scanner.members():
        found[name] = []
        for _ in scanner.elements():
            value, text = scanner.value()
            found[name].append((value, json.loads(text)))
    scanner.end()
    return found


@given(
    st.dictionaries(st.text(), st.lists(_VALUES, max_size=4), max_size=4),
    st.lists(st.integers(0, 10_000), max_size=12),
    st.sampled_from([{}, {"indent": 1}, {"ensure_ascii": False}]),
)
def test_it_finds_the_same_values_wherever_the_parts_end(
    value: dict[str, list[Any]], places: list[int], style: dict[str, Any]
) -> None:
    """Within a number, an escape or a character of several bytes, too."""
    text = json.dumps(value, **style).encode("utf-8", "surrogatepass")
    try:
        text.decode()
    except UnicodeDecodeError:
        return  # a lone surrogate that is not escaped is no UTF-8
    expected = {name: [(each, each) for each in elements] for name, elements in value.items()}
    assert scanned(Scanner(cut(text, places))) == expected


@pytest.mark.parametrize("number", ["1e5", "-1.5E+10", "0.25", "-0", "123456789"])
def test_a_number_is_read_whole_wherever_its_parts_end(number: str) -> None:
    """Although every beginning of it may be a number, too."""
    text = f'{{"a": [{number}]}}'.encode()
    for place in range(len(text)):
        assert scanned(Scanner(cut(text, [place]))) == {"a": [(float(number), float(number))]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "expected '{', found 'the end'"),
        (b"[]", "expected '{', found '['"),
        (b'{"a": [1, 2}', "expected ',', found '}'"),
        (b'{"a": [1,]}', "no JSON: "),
        (b'{"a": [1] "b": []}', "expected ',', found '\"'"),
        (b'{"a": [tru', "no JSON: "),
        (b"{1: []}", "expected the name of a member, found 1"),
        (b'{"a": []} x', "expected the end, found 'x'"),
        (b'{"a": [NaN]}', "NaN is no number of JSON"),
        (b'{"a": ["\xff"]}', "the text is not UTF-8"),
        (b'{"a": [' + b"[" * 100_000, "nested too deep"),
        (b'{"a": ["' + b"x" * 500_000, "a value is larger than 200000 characters"),
    ],
)
def test_what_is_no_json_is_told(text: bytes, told: str) -> None:
    """With what was expected in its place."""
    with pytest.raises(BadText) as refused:
        scanned(Scanner((text[at : at + 100] for at in range(0, len(text), 100)), largest=200_000))
    assert told in str(refused.value)
