"""Where the values of a JSON text stand: line and column, each from 1."""

import pytest

from registry_sandbox.reading.positions import JsonPositions

TEXT = b"""{
  "a": {}, "b": [[], {}, [1]],
  "a": [], "c": {"d": {}, "e": 2}
}"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ([], (1, 1)),
        (["b"], (2, 12)),
        (["b", 0], (2, 18)),
        (["b", 1], (2, 22)),
        (["b", 2], (2, 26)),
        (["b", 2, 0], (2, 27)),
        (["c"], (3, 12)),
        (["c", "d"], (3, 18)),
        (["c", "e"], (3, 27)),
    ],
)
def test_a_member_stands_where_its_name_does_and_an_item_where_it_begins(
    path: list[str | int], place: tuple[int, int]
) -> None:
    """Also after empty objects and arrays, and after a name that is there twice."""
    position = JsonPositions(TEXT).of_path(path)
    assert (position.line, position.column) == place


def test_of_a_name_that_is_there_twice_the_last_counts() -> None:
    """As it does for whoever parses it."""
    position = JsonPositions(TEXT).of_path(["a"])
    assert (position.line, position.column) == (3, 3)


@pytest.mark.parametrize("text", [b"{}", b" []", b'"x"', b"1"])
def test_what_is_not_there_is_nearest_at_what_holds_it(text: bytes) -> None:
    """At the root, if nothing else is there."""
    position = JsonPositions(text).of_path(["a", 0])
    assert (position.line, position.column) == (1, 2 if text[:1] == b" " else 1)
