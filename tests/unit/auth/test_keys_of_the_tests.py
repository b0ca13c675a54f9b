"""The keys that the sandboxes of the tests get: made anew, or used again when nobody has them."""

import pytest

from registry_sandbox.auth.keys import SigningKey
from tests.keys import Keys


@pytest.fixture(scope="module")
def made() -> list[SigningKey]:
    """Keys as they are made, more than have to come between two uses of one."""
    return [SigningKey.generate() for _ in range(20)]


def test_what_somebody_has_is_nobody_elses(made: list[SigningKey]) -> None:
    """However many come after it."""
    keys = Keys(iter(made).__next__)
    kept = [keys.draw() for _ in range(20)]
    assert len({each.kid for each in kept}) == 20


def test_what_nobody_has_comes_again_after_sixteen_others(made: list[SigningKey]) -> None:
    """So a token of a sandbox that has ended opens none of the next sixteen."""
    keys = Keys(iter(made).__next__)
    kids = [keys.draw().kid for _ in range(60)]
    assert len(set(kids)) == 17
    assert all(kids[at] not in kids[at + 1 : at + 17] for at in range(60))
