"""Which element of which type each element of a tree is, and which children are not where their type has them."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple

from lxml import etree

from registry_sandbox.fhir import xml
from registry_sandbox.fhir.place import Place
from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Element, Structure, Type

_PREFIX = f"{{{xml.NAMESPACE}}}"
_MOST_NAMES = 5


class Placed(NamedTuple):
    """An element of a tree, the type that it has there, and where that is."""

    element: etree._Element
    type: str
    at: Place


def placements(root: etree._Element, structure: Structure) -> Iterator[Placed]:
    """Give every element whose place the type facts know, in document order."""
    name = root.tag.removeprefix(_PREFIX)
    resources = {each.name for each in structure.resources()}
    if name in resources:
        yield from _inside(Placed(root, name, Place(None, name)), structure, resources)


def _inside(placed: Placed, structure: Structure, resources: set[str]) -> Iterator[Placed]:
    yield placed
    primitive = structure.types[placed.type].json
    elements = {each.name: each for each in structure.types["Element" if primitive else placed.type].elements}
    counts: dict[str, int] = {}
    for child in placed.element:
        name = str(child.tag).removeprefix(_PREFIX)
        element = elements.get(name)
        if element is None or element.attribute or element.type == XHTML:
            continue
        index = counts[name] = counts.get(name, -1) + 1
        member = f"_{name}" if structure.types[element.type].json and len(child) else name
        at = placed.at.to(member, index if element.many else None)
        if element.type != ANY_RESOURCE:
            yield from _inside(Placed(child, element.type, at), structure, resources)
            continue
        yield Placed(child, ANY_RESOURCE, at)
        for resource in child:
            named = str(resource.tag).removeprefix(_PREFIX)
            if named in resources:
                yield from _inside(Placed(resource, named, at.holding(named)), structure, resources)


def line_of(element: etree._Element) -> int | None:
    """Give the line where an element begins."""
    return element.sourceline  # type: ignore[return-value]  # the stubs leave its type open


def misplaced(parent: etree._Element, described: Type) -> Iterator[tuple[etree._Element, str]]:
    """Give the children that do not stand where the type has them, each with what is wrong with its place."""
    elements = [each for each in described.elements if not each.attribute]
    if described.json:
        elements = [Element("extension", "Extension", many=True)]
    rank = {each.name: order for order, each in enumerate(elements)}
    last = -1
    seen: dict[str, str] = {}
    for child in parent:
        tag = str(child.tag)
        name = tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else ""
        order = _rank_of_narrative(tag, elements) if not name else rank.get(name)
        if order is None:
            yield child, f"is no element that FHIR STU3 knows here: {_expected(name, elements, last)}"
            continue
        element = elements[order]
        slot = element.choice or element.name
        if slot in seen and not element.many:
            beside = f", and {seen[slot]} is there already" if element.choice else ""
            yield child, f"is one too many: {slot} may stand there once{beside}"
        elif order < last:
            yield child, f"stands too late: it belongs before {elements[last].name}"
        seen.setdefault(slot, element.name)
        last = max(last, order)


def misplaced_resources(parent: etree._Element, structure: Structure) -> Iterator[tuple[etree._Element, str]]:
    """Give the children of an element for one resource that are none, or are more than that one."""
    known = {each.name for each in structure.resources()} | structure.opaque
    for position, child in enumerate(parent):
        tag = str(child.tag)
        if not tag.startswith(_PREFIX) or tag.removeprefix(_PREFIX) not in known:
            near = get_close_matches(etree.QName(child).localname, known, n=1)
            yield child, f"is no resource type of FHIR STU3{f': did you mean {near[0]}?' if near else ''}"
        elif position > 0:
            yield child, "is one too many: one resource may stand there"


def _rank_of_narrative(tag: str, elements: list[Element]) -> int | None:
    if etree.QName(tag).localname != "div":
        return None
    return next((order for order, each in enumerate(elements) if each.type == XHTML), None)


def _expected(name: str, elements: list[Element], last: int) -> str:
    """Say what was probably meant, or else what could stand there."""
    near = get_close_matches(name, [each.name for each in elements], n=2)
    if near:
        return f"did you mean {' or '.join(near)}?"
    following = list(dict.fromkeys(each.choice or each.name for each in elements[max(last, 0) :]))
    if not following:
        return "expected nothing"
    more = ", ..." if len(following) > _MOST_NAMES else ""
    return f"expected {', '.join(following[:_MOST_NAMES])}{more}"
