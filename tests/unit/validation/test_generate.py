"""What is generated is what is committed."""

from pathlib import Path

from registry_sandbox import shipped
from registry_sandbox.fhir import structure
from registry_sandbox.validation.generate import generated

_FOLDER = shipped("profiles")


def test_what_is_generated_is_what_is_committed() -> None:
    """`make schema` leaves nothing to commit."""
    assert (_FOLDER / "structure.json").read_text(encoding="utf-8") == generated(_FOLDER)


def test_every_type_of_an_element_is_described() -> None:
    """The type facts are closed: what an element is made of can be looked up."""
    facts = structure.load(_FOLDER / "structure.json")
    assert {each.type for described in facts.types.values() for each in described.elements} <= set(facts.types)
    assert not facts.opaque & set(facts.types)


def test_generating_needs_no_more_than_the_definitions(tmp_path: Path) -> None:
    """A folder with nothing but the definitions gives the same files."""
    for name in ("base", "valuesets"):
        (tmp_path / name).symlink_to(_FOLDER / name)
    assert generated(tmp_path) == generated(_FOLDER)
