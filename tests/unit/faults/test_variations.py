"""How variations choose: by draws, and never what was there already."""

import pytest

from registry_sandbox.faults.variations import chosen, shuffled


@pytest.mark.parametrize(("drawn", "option"), [(0.0, "a"), (0.49, "a"), (0.5, "b"), (0.999, "b")])
def test_each_option_is_as_likely_as_the_others(drawn: float, option: str) -> None:
    """A number from 0 up to 1."""
    assert chosen(lambda _: drawn, "any", "ab") == option


def test_an_order_that_the_draws_leave_is_turned_round() -> None:
    """So that something changes wherever it can."""
    assert shuffled(lambda _: 0.5, "any", "abc") == ["c", "b", "a"]


def test_a_single_item_has_one_order() -> None:
    """And so has nothing."""
    assert (shuffled(lambda _: 0.5, "any", "a"), shuffled(lambda _: 0.5, "any", "")) == (["a"], [])
