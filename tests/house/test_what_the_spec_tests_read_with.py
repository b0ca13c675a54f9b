"""The tests of the contract judge answers by means of their own."""

import ast
import json
from pathlib import Path

import pytest

from tests.spec.conversation import appointment
from tests.spec.formats import Resource, read, write

_SPEC = Path(__file__).parents[1] / "spec"
_XML = write(appointment(), "xml").decode()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return []
    named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    named += [each.name for each in node.names] if isinstance(node, ast.Import) else []
    return named + [name for each in ast.iter_child_nodes(node) for name in _imported(each)]


@pytest.mark.parametrize("path", sorted(_SPEC.glob("*.py")), ids=lambda path: path.stem)
def test_nothing_of_the_sandbox_is_imported(path: Path) -> None:
    """A fault of its reader would else hide the same fault of its writer."""
    assert not [name for name in _imported(ast.parse(path.read_text())) if name.startswith("registry_sandbox")]


@pytest.mark.parametrize("wanted", ["json", "xml"])
def test_a_good_resource_is_read_as_it_was_written(wanted: str) -> None:
    """In both formats, with an extension beside a primitive."""
    rich: Resource = appointment(
        _status={"id": "s", "extension": [{"url": "http://x.test/a", "valueBoolean": True}]},
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; b</p></div>'},
        contained=[{"resourceType": "Appointment", "id": "c"}],
        minutesDuration=10,
    )
    assert read(write(rich, wanted), wanted) == rich  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("<status", '<statuz value="a"/><status'),
        ('<status value="booked"/>', '<status value="booked"/><status value="booked"/>'),
        ('<status value="booked"/>', '<status value=""/>'),
        ('<status value="booked"/>', "<status/>"),
        ('<status value="booked"/>', '<status value="booked" x="a"/>'),
        ('<status value="booked"/>', 'text<status value="booked"/>'),
        ('value="2031-05-06T09:30:00.000+01:00"', 'value="2031-05-06T09:30:00"'),
        ("</Appointment>", '<identifier><value value="late"/></identifier></Appointment>'),
        ("http://hl7.org/fhir", "http://x.test/"),
    ],
)
def test_xml_that_is_not_fhirs_is_noticed(good: str, bad: str) -> None:
    """An answer like this would fail its test."""
    assert read(_XML.encode(), "xml")
    with pytest.raises(AssertionError):
        read(_XML.replace(good, bad, 1).encode(), "xml")


@pytest.mark.parametrize(
    "wrong",
    [
        {"statuz": "booked"},
        {"status": ["booked"]},
        {"status": ""},
        {"status": True},
        {"identifier": {"value": "x"}},
        {"identifier": []},
        {"identifier": [{}]},
        {"start": "2031-05-06T09:30:00"},
        {"priority": "1"},
        {"priority": -1},
        {"extension": [{"url": "http://x.test/a", "valueCode": "a", "valueString": "b"}]},
    ],
)
def test_json_that_is_not_fhirs_is_noticed(wrong: Resource) -> None:
    """Names, lists, types and texts of values."""
    with pytest.raises(AssertionError):
        read(json.dumps(appointment(**wrong)).encode(), "json")


def test_a_member_that_stands_twice_is_noticed() -> None:
    """A plain reader takes the last."""
    with pytest.raises(AssertionError, match="twice"):
        read(b'{"resourceType": "Appointment", "status": "booked", "status": "booked"}', "json")
