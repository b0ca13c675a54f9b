"""Entity tags: what is named, and what names nothing."""

import pytest

from registry_sandbox.fhir.etag import entity_tag, versions_named


def test_a_version_is_named_weakly() -> None:
    """W/ and quotes."""
    assert entity_tag("2") == 'W/"2"'


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ('W/"1"', {"1"}),
        ('"1"', {"1"}),
        ('W/"1", "2"', {"1", "2"}),
        ('W/"1","2" ,\tW/"3"', {"1", "2", "3"}),
        ('"a,b"', {"a,b"}),
        ('""', {""}),
    ],
)
def test_a_list_names_each_of_its_members(header: str, named: set[str]) -> None:
    """Weak and strong, with commas inside the quotes too."""
    assert versions_named(header) == named


@pytest.mark.parametrize(
    "header", ["1", "W/1", 'w/"1"', '"1', '1"', '"1" "2"', '"1",', ',"1"', "*", "", "abc", '"1";q=1']
)
def test_what_is_no_list_of_tags_names_nothing(header: str) -> None:
    """No part of it is believed."""
    assert versions_named(header) == frozenset()
