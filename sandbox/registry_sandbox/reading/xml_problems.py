"""What the XML reader says of elements that are not plainly right, and where they stand.

Source: FHIR STU3, XML Representation.
"""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from lxml import etree

from registry_sandbox.fhir import narrative, xml
from registry_sandbox.fhir.json import quoted
from registry_sandbox.reading import wording
from registry_sandbox.reading.lexical import Fits
from registry_sandbox.reading.problems import PathOnly, Problem, Problems, Step, XPathOnly

Object = dict[str, Any]
Read = Callable[[xml.Node, int, Problems], Any]
"""Reads an element at its depth, from 1, and returns its value."""

Fill = Callable[[xml.Node, Object, int, Problems], None]
"""Reads the children of an element into its members."""

WHITE_SPACE = " \t\r\n"


class Child(NamedTuple):
    """What a child element is.

    A primitive has `fits`, which tells whether a text is of its type, and `convert`, which makes its value of the text
    where that is no string. Of other types `read` makes the value, and of a primitive what it has beside its value.
    `slot` is what the elements of one choice share.
    """

    rank: int
    name: str
    many: bool
    fits: Fits | None
    convert: Callable[[str], Any] | None
    read: Read
    type: str
    slot: str


Entry = tuple[int, str, bool, Fits | None, Callable[[str], Any] | None, Read, Child]
"""The first six fields of a child, and the child: a plain tuple, which Python unpacks several times faster."""

Table = dict[str, Entry]


def locate(problems: list[Problem], child: xml.Node, entry: Child, members: Object, *, is_misplaced: bool) -> None:
    """Add the step of a child to the problems inside it, once its value is among the members."""
    steps: list[Step] = [entry.name]
    if entry.many:
        beside = members.get(entry.name) or members.get(f"_{entry.name}") or [None]
        steps = [len(beside) - 1, entry.name]
    elif is_misplaced:  # there are several, and only their positions tell them apart
        steps = [PathOnly(entry.name), XPathOnly(xml.step(child))]
    for problem in problems:
        problem.steps += steps


def note_attributes(element: xml.Node, found: Problems, *, but: Collection[str] = ()) -> None:
    """Note all the attributes of an element that has none, but for some."""
    for name in xml.names_of_attributes(element):
        if name not in but:
            found.note(wording.unknown_attribute, xml.attribute_name(name), (), line=xml.line_of(element))


def note_unknown(child: xml.Node, table: Table, last: int, found: Problems) -> None:
    """Note an element that the type does not have."""
    if found.count_beyond():
        return
    before, name = len(found), etree.QName(child)
    own = name.namespace == xml.NAMESPACE
    children = _children(table)
    names = [entry.name for entry in children] if own else []
    if own and name.localname in names:
        found.note(wording.other_namespace, narrative.NAMESPACE, line=xml.line_of(child))
    else:
        following = list(dict.fromkeys(entry.slot for entry in children if entry.rank >= last))
        found.note(wording.unknown_before, name.localname, names, following, line=xml.line_of(child))
    name_outsider(child, before, found, subject=True)


def name_outsider(child: xml.Node, first: int, found: Problems, *, subject: bool) -> None:
    """Name an element that has no name in the path of its parent, in the problems from `first` on."""
    name = etree.QName(child)
    foreign = "" if name.namespace == xml.NAMESPACE else f" of the namespace {quoted(name.namespace or '')}"
    for problem in found[first:]:
        if subject and not problem.steps:
            problem.subject = f"{name.localname}{foreign}"
    # Where no prefix is agreed for its namespace, its parent is the place.
    if step := xml.step(child):
        found.inside(first, XPathOnly(step))


def note_misplaced(  # noqa: PLR0913, PLR0917 - what there is to say of a place
    child: xml.Node, entry: Child, members: Object, table: Table, last: int, found: Problems
) -> None:
    """Note an element that stands too late, or once too often, or beside another one of its choice."""
    if found.count_beyond():
        return
    before, children = len(found), _children(table)
    there = next((each.name for each in children if each.slot == entry.slot and _has(members, each.name)), None)
    if there is None or entry.many:
        later = next(each.name for each in children if each.rank == last)
        found.note(wording.too_late, later, line=xml.line_of(child))
    elif entry.slot != entry.name:
        found.note(wording.twice_chosen, entry.slot, there, line=xml.line_of(child))
    else:
        found.note(wording.one_too_many, entry.name, line=xml.line_of(child))
    step = xml.step(child)
    found.inside(before, PathOnly(entry.name))
    found.inside(before, XPathOnly(f"{step}[1]" if entry.many and not step.endswith("]") else step))


def _children(table: Table) -> list[Child]:
    return [child for *_, child in table.values()]


def _has(members: Object, name: str) -> bool:
    return name in members or f"_{name}" in members


def is_empty(element: xml.Node) -> bool:
    """True if an element has no attributes, no children and no text."""
    return not (len(element) or element.attrib or (element.text or "").strip(WHITE_SPACE))


def note_text(element: xml.Node, first: int, found: Problems, *, in_primitive: bool) -> None:
    """Note text between the children of an element, before the problems from `first` on, which are inside it."""
    texts = (each.strip(WHITE_SPACE) for each in (element.text, *(child.tail for child in element)) if each)
    text = " ".join(each for each in texts if each)
    if text:
        found.note_before(first, wording.stray_text(text, in_primitive=in_primitive), xml.line_of(element))
