"""The codes of value sets."""

from typing import Any

import pytest

from registry_sandbox.validation.conformance import Definition, UnusableDefinition
from registry_sandbox.validation.valuesets import ValueSets

COLOURS = {
    "resourceType": "CodeSystem",
    "url": "urn:colours",
    "content": "complete",
    "concept": [{"code": "red", "concept": [{"code": "pink"}]}, {"code": "blue"}],
}
ALL = {"system": "urn:colours"}


def value_sets(*resources: dict[str, Any]) -> ValueSets:
    """Make the value sets of these resources."""
    known = {(each["resourceType"], each["url"]): Definition(each, "a.json") for each in (COLOURS, *resources)}
    return ValueSets(lambda kind, url: known.get((kind, url)))


def value_set(url: str, **compose: Any) -> dict[str, Any]:
    """Make a value set."""
    return {"resourceType": "ValueSet", "url": url, "compose": compose}


@pytest.mark.parametrize(
    ("compose", "codes"),
    [
        ({"include": [ALL]}, {"red", "pink", "blue"}),
        ({"include": [{**ALL, "concept": [{"code": "red"}]}]}, {"red"}),
        ({"include": [ALL], "exclude": [{**ALL, "concept": [{"code": "blue"}]}]}, {"red", "pink"}),
        ({"include": [{"valueSet": ["urn:warm"]}]}, {"red", "pink"}),
        ({"include": [{**ALL, "valueSet": ["urn:warm|1.0"]}]}, {"red", "pink"}),
    ],
)
def test_a_value_set_lists_its_codes(compose: dict[str, Any], codes: set[str]) -> None:
    """Of whole systems, of some codes, less those excluded, and of other value sets."""
    warm = value_set("urn:warm", include=[{**ALL, "concept": [{"code": "red"}, {"code": "pink"}]}])
    listed = value_sets(warm, value_set("urn:mine", **compose)).codes("urn:mine")
    assert listed is not None
    assert listed.alone == codes
    assert listed.pairs == {("urn:colours", code) for code in codes}


@pytest.mark.parametrize(
    "compose",
    [
        {"include": [{"system": "urn:elsewhere"}]},
        {"include": [{**ALL, "filter": [{"property": "a", "op": "=", "value": "b"}]}]},
        {"include": [{"valueSet": ["urn:gone"]}]},
        {"include": [ALL], "exclude": [{"system": "urn:elsewhere"}]},
    ],
)
def test_what_cannot_be_listed_is_nothing(compose: dict[str, Any]) -> None:
    """A system that is not here, and a rule, leave the codes unknown rather than none."""
    assert value_sets(value_set("urn:mine", **compose)).codes("urn:mine") is None
    assert value_sets().codes("urn:gone") is None


def test_an_expansion_is_taken_where_there_is_no_composition() -> None:
    """Some value sets are published expanded; abstract entries are headings."""
    contains = [{"system": "urn:a", "code": "b", "abstract": True, "contains": [{"system": "urn:a", "code": "c"}]}]
    listed = value_sets({"resourceType": "ValueSet", "url": "urn:mine", "expansion": {"contains": contains}})
    codes = listed.codes("urn:mine")
    assert codes is not None
    assert codes.pairs == {("urn:a", "c")}


def test_a_value_set_that_includes_itself_is_refused() -> None:
    """Going round in circles ends with an error that names it."""
    listed = value_sets(
        value_set("urn:a", include=[{"valueSet": ["urn:b"]}]), value_set("urn:b", include=[{"valueSet": ["urn:a"]}])
    )
    with pytest.raises(UnusableDefinition, match="includes itself"):
        listed.codes("urn:a")
