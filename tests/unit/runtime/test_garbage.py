"""The garbage collector is held off, or rare, while somebody asks for it, and goes on as before."""

import gc
from collections.abc import Iterator

import pytest

from registry_sandbox.runtime.garbage import no_collections, rare_collections


@pytest.mark.parametrize("going", [True, False])
def test_the_last_one_sets_it_going_again(*, going: bool) -> None:
    """And only if it was going before."""
    was = gc.isenabled()
    (gc.enable if going else gc.disable)()
    try:
        with no_collections():
            with no_collections():
                assert not gc.isenabled()
            assert not gc.isenabled()
        assert gc.isenabled() is going
    finally:
        (gc.enable if was else gc.disable)()


def test_a_failure_sets_it_going_too() -> None:
    """Whatever happens inside."""
    with pytest.raises(ValueError, match="inside"), no_collections():
        raise ValueError("inside")
    assert gc.isenabled()


@pytest.fixture
def collector_of_others() -> Iterator[None]:
    """Let the collector be as it is where nobody has tuned it, which tests/conftest.py has."""
    thresholds = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("collector_of_others")
def test_a_server_that_ends_leaves_the_collector_as_it_found_it() -> None:
    """Nothing stays frozen: what looks for the references of an object would not find them."""
    before = gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()
    with rare_collections():
        assert gc.get_freeze_count() > before[2]
        assert gc.get_threshold()[0] > before[1][0]
    assert (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()) == before
