"""What the tests of replicas share."""

from collections.abc import Iterator

import pytest

from tests.unhurried import unhurried


@pytest.fixture(name="unhurried")
def _unhurried() -> Iterator[None]:
    """Let a request wait for its replica as long as it takes."""
    with unhurried():
        yield
