"""The words of a summary."""

import pytest

from registry_sandbox.verdict.summary import counted


@pytest.mark.parametrize(("number", "words"), [(0, "0 errors"), (1, "1 error"), (2, "2 errors")])
def test_a_noun_is_in_the_plural_unless_the_number_is_one(number: int, words: str) -> None:
    """Of files and errors of `validate`, too."""
    assert counted(number, "error") == words
