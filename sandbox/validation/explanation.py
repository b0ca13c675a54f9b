"""Why the reading schema refused a document, in sentences that a person can act on.

`xmlschema` finds every element that is not as the schema has it; what is wrong with each is said here, from the type
facts. It takes a second to import and build, so this is done when a document has been refused, off the event loop.
"""

import binascii
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.fhir import narrative, xml
from sandbox.fhir.json import MAX_DEPTH, quoted
from sandbox.fhir.place import Place
from sandbox.fhir.structure import Structure
from sandbox.finding import Finding
from sandbox.validation.lexical import EXPECTED, INTEGER_PATTERNS, PATTERN
from sandbox.validation.placement import Placed, line_of, misplaced, placements

if TYPE_CHECKING:
    import xmlschema

MOST_ERRORS = 200
"""How many errors of the schema are looked at: a document with more has one cause, or is no document to mend."""

_XHTML_PREFIX = f"{{{narrative.NAMESPACE}}}"
_XML_PREFIX = "{http://www.w3.org/XML/1998/namespace}"
_INSTANCE_PREFIX = f"{{{xml.SCHEMA_INSTANCE}}}"
_FHIR_PREFIX = f"{{{xml.NAMESPACE}}}"


class Explainer:
    """Explains refusals by the schema in a folder of definitions."""

    def __init__(self, structure: Structure, folder: Path) -> None:
        self._structure = structure
        self._folder = folder

    def explain(self, root: etree._Element, *, from_json: bool) -> list[Finding]:
        """Give every finding in document order; paths are JSON's, and there are no lines, if the body was JSON."""
        if narrative.is_deeper(root, MAX_DEPTH):
            return [_finding(f"The body is nested too deep: at most {MAX_DEPTH} elements stand inside each other", "")]
        order = {element: position for position, element in enumerate(root.iter())}
        placed = {each.element: each for each in placements(root, self._structure)}
        found: list[tuple[int, Finding]] = []
        for element, reasons in self._refused(root).items():
            for at, message in self._why(element, reasons, placed):
                found.append((order[at], _located(at, message, placed, from_json=from_json)))
        # In JSON an empty object is a misfit of its own; here one is only what misfits left behind.
        for each in () if from_json else placed.values():
            if _is_empty(each.element) and each.element is not root:
                message = "is empty: expected a value or content, or no such element at all"
                found.append((order[each.element], _located(each.element, message, placed, from_json=from_json)))
        return [finding for _, finding in sorted(found, key=lambda pair: pair[0])]

    def _refused(self, root: etree._Element) -> dict[etree._Element, list[str]]:
        """Give the elements that the schema refuses, with its own reasons."""
        refused: dict[etree._Element, list[str]] = {}
        for error in islice(_built(self._folder).iter_errors(root), MOST_ERRORS):
            element: Any = error.elem
            refused.setdefault(root if element is None else element, []).append(str(error.reason))
        return refused

    def _why(
        self, element: etree._Element, reasons: list[str], placed: dict[etree._Element, Placed]
    ) -> list[tuple[etree._Element, str]]:
        place = placed.get(element)
        if place is None:
            return [(element, f"is refused: {_rephrased(reason)}") for reason in reasons]
        described = self._structure.types[place.type]
        found = [(element, message) for message in _attributes(element, place, self._structure)]
        found += [(element, message) for message in _stray_text(element, is_primitive=bool(described.json))]
        found += misplaced(element, described)
        return found or [(element, f"is refused: {_rephrased(reason)}") for reason in reasons]


@cache
def _built(folder: Path) -> "xmlschema.XMLSchema10":
    import xmlschema  # noqa: PLC0415  # a quarter of a second, which the start does not have

    return xmlschema.XMLSchema10(folder / "reading.xsd", allow="local")


def _located(
    element: etree._Element, message: str, placed: dict[etree._Element, Placed], *, from_json: bool
) -> Finding:
    place = placed.get(element)
    if place is not None:
        subject = str(place.at) if from_json else place.at.named()
        location = _xpath(element) if _is_repeated(element, place.at) else place.at.xpath()
    else:
        above = element.getparent()
        while above is not None and above not in placed:
            above = above.getparent()
        owner = placed[above].at if above is not None else None
        subject = _outsider(element, owner)
        location = _xpath(element)
    return _finding(f"{subject} {message}", location, None if from_json else line_of(element))


def _is_repeated(element: etree._Element, at: Place) -> bool:
    """Tell whether another such stands before it, though it may stand there once."""
    return at.position is None and next(element.itersiblings(element.tag, preceding=True), None) is not None


def _outsider(element: etree._Element, owner: Place | None) -> str:
    """Name an element that has no place in the type facts: unknown, or XHTML."""
    name = etree.QName(element)
    if name.namespace == narrative.NAMESPACE:
        return f"In the narrative, the element {name.localname}"
    foreign = "" if name.namespace == xml.NAMESPACE else f" of the namespace {quoted(name.namespace or '')}"
    return f"{name.localname}{foreign}" if owner is None else f"{name.localname}{foreign} in {owner.named()}"


def _xpath(element: etree._Element) -> str:
    steps: list[str] = []
    at: etree._Element | None = element
    while at is not None:
        name = etree.QName(at)
        prefix = {xml.NAMESPACE: "f:", narrative.NAMESPACE: "h:"}.get(name.namespace or "")
        if prefix is None:
            steps.clear()  # no prefix is agreed for it: its parent is the place
        else:
            before = sum(1 for _ in at.itersiblings(at.tag, preceding=True))
            alone = before == 0 and next(at.itersiblings(at.tag), None) is None
            steps.append(f"{prefix}{name.localname}{'' if alone else f'[{before + 1}]'}")
        at = at.getparent()
    return "/" + "/".join(reversed(steps))


def _attributes(element: etree._Element, place: Placed, structure: Structure) -> Iterator[str]:
    """Say what is wrong with the attributes of an element: unknown ones, and values that are not of their type."""
    known = {each.name: each.type for each in structure.types[place.type].elements if each.attribute}
    if structure.types[place.type].json:
        known = {"id": "string", "value": place.type}
    for name, value in element.attrib.items():
        of_type = known.get(str(name))
        if of_type is None:
            expected = f"expected only {' and '.join(known)}" if known else "expected none"
            yield f"has the attribute {quoted(_prefixless(str(name)))}: {expected}"
        elif not _is_spelled(str(value), of_type):
            yield f"has {_value_named(str(name))} {quoted(str(value))}: expected {EXPECTED[of_type]}"


def _value_named(attribute: str) -> str:
    return "the value" if attribute == "value" else f"as {attribute}"


def _prefixless(name: str) -> str:
    return name.replace(_FHIR_PREFIX, "").replace(_XML_PREFIX, "xml:").replace(_INSTANCE_PREFIX, "xsi:")


def _is_spelled(value: str, of_type: str) -> bool:
    if of_type == "base64Binary":
        try:
            return bool(binascii.a2b_base64("".join(value.split()).encode("ascii"), strict_mode=True))
        except ValueError:
            return False
    if of_type in INTEGER_PATTERNS:
        return all(re.fullmatch(pattern, value, re.ASCII) for pattern in INTEGER_PATTERNS[of_type])
    return re.fullmatch(PATTERN[of_type], value, re.ASCII) is not None if of_type in PATTERN else value != ""


def _stray_text(element: etree._Element, *, is_primitive: bool) -> Iterator[str]:
    texts = [element.text, *(child.tail for child in element)]
    text = " ".join(each.strip() for each in texts if each and each.strip())
    if text:
        expected = "a value is written as the attribute value" if is_primitive else "expected only elements"
        yield f"has the text {quoted(text)}: {expected}"


def _is_empty(element: etree._Element) -> bool:
    return len(element) == 0 and not element.attrib and not (element.text or "").strip()


def _rephrased(reason: str) -> str:
    """Give a schema's reason without namespaces, patterns and objects, in one line."""
    text = reason.replace(_FHIR_PREFIX, "").replace(_XHTML_PREFIX, "").partition(" of [")[0]
    return " ".join(text.split())[:160].rstrip(".")


def _finding(message: str, location: str, line: int | None = None) -> Finding:
    return Finding("structure", message, location, line=line, source="FHIR STU3")
