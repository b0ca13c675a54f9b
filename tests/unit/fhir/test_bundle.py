"""Bundles: which of them are encoded off the event loop."""

import pytest

from registry_sandbox.fhir.bundle import MATCH, Bundle


@pytest.mark.parametrize(("entries", "large"), [(0, False), (200, False), (201, True)])
def test_a_bundle_of_many_entries_is_large(entries: int, *, large: bool) -> None:
    """So that encoding it holds up no other exchange."""
    urls = ["http://localhost/STU3/Appointment/a"] * entries
    bundle = Bundle(
        "searchset",
        "b",
        "2026-11-27T12:00:00.000+00:00",
        "l",
        urls,
        [MATCH] * entries,
        lambda _f, _w: [b"{}"] * entries,
    )
    assert bundle.large is large
