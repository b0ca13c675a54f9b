"""Why the reading schema refused a document, in sentences that a person can act on.

Of the elements that the type facts know, it is said here what is wrong; of all others (the narrative), and wherever the
facts have nothing to say, `xmlschema` is asked. That takes a second to import and build: off the event loop, then.
"""

import binascii
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from registry_sandbox.fhir import narrative, xml
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.json import MAX_DEPTH, quoted
from registry_sandbox.fhir.place import Place
from registry_sandbox.fhir.structure import ANY_RESOURCE, Structure
from registry_sandbox.validation.lexical import EXPECTED, INTEGER_PATTERNS, PATTERN
from registry_sandbox.validation.placement import Placed, line_of, misplaced, misplaced_resources, placements

if TYPE_CHECKING:
    import xmlschema

MOST_FINDINGS = 100
"""How many findings are told: after one more, the search ends."""

MOST_ELEMENTS = 5000
"""`xmlschema` is asked of documents up to this size: its time grows with the square of the errors."""

MOST_ATTRIBUTES = 30
"""And of documents whose elements have no more than these: it tells of each that is unknown, and takes long over it."""

MOST_ERRORS = 200
"""How many errors of the schema are looked at: a document with more has one cause, or is no document to mend."""

_CLARK = re.compile(r"\{[^}]*\}")
_XML_PREFIX = "{http://www.w3.org/XML/1998/namespace}"
_INSTANCE_PREFIX = f"{{{xml.SCHEMA_INSTANCE}}}"
_FHIR_PREFIX = f"{{{xml.NAMESPACE}}}"


class Explainer:
    """Explains refusals by the schema in a folder of definitions."""

    def __init__(self, structure: Structure, folder: Path) -> None:
        self._structure = structure
        self._folder = folder

    def explain(
        self, root: etree._Element, complaints: Iterable[tuple[etree._Element, str]], *, from_json: bool
    ) -> list[Finding]:
        """Give every finding in document order; places are JSON's, and there are no lines, if the body was JSON.

        The complaints are libxml2's own, each with its element: whatever is not explained better is told by them.
        """
        if narrative.is_deeper(root, MAX_DEPTH + 1):
            return [_finding(f"The body is nested too deep: at most {MAX_DEPTH} elements stand inside each other", "")]
        order = {element: position for position, element in enumerate(root.iter())}
        placed = {each.element: each for each in placements(root, self._structure)}
        wrong = (pair for each in placed.values() for pair in self._wrong_with(each, from_json=from_json))
        found = list(islice(wrong, MOST_FINDINGS + 1))
        small, complaints = _is_small(order), list(complaints)
        asked = self._refused(root) if small and _is_unexplained(found, complaints, placed, order) else ()
        # Of the narrative the two speak differently, so that one is enough.
        told = [each for each in complaints if each[0] in placed or not small]
        for reasons in (asked, told):
            named = _named(found)
            more = ((at, _plainly(at, reason, placed)) for at, reason in reasons if at not in named)
            found += islice(more, max(0, MOST_FINDINGS + 1 - len(found)))
        found.sort(key=lambda pair: order[pair[0]])
        return [_located(element, message, placed, from_json=from_json) for element, message in found]

    def _wrong_with(self, placed: Placed, *, from_json: bool) -> Iterator[tuple[etree._Element, str]]:
        """Say what the type facts have against an element and its children."""
        element, described = placed.element, self._structure.types[placed.type]
        # In JSON an empty object is a misfit of its own; here one is only what misfits left behind.
        if _is_empty(element) and not from_json and element.getparent() is not None:
            yield element, "is empty: expected a value or content, or no such element at all"
        yield from ((element, message) for message in _attributes(element, placed, self._structure))
        yield from ((element, message) for message in _stray_text(element, is_primitive=bool(described.json)))
        if placed.type == ANY_RESOURCE:
            yield from misplaced_resources(element, self._structure)
        else:
            yield from misplaced(element, described)

    def _refused(self, root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
        """Give the elements that the schema refuses, with its own reasons."""
        for error in islice(_built(self._folder).iter_errors(root), MOST_ERRORS):
            element: Any = error.elem
            yield (root if element is None else element), str(error.reason)


def _named(found: Iterable[tuple[etree._Element, str]]) -> set[etree._Element | None]:
    elements = [element for element, _ in found]
    return {*elements, *(element.getparent() for element in elements)}


def _is_unexplained(
    found: list[tuple[etree._Element, str]],
    complaints: Iterable[tuple[etree._Element, str]],
    placed: Collection[etree._Element],
    elements: Collection[etree._Element],
) -> bool:
    """Whether the facts leave something to explain: a complaint, or a narrative, which they do not know."""
    named = _named(found)
    return any(at not in named for at, _ in complaints) or any(
        etree.QName(each).namespace == narrative.NAMESPACE for each in elements if each not in placed
    )


@cache
def _built(folder: Path) -> "xmlschema.XMLSchema10":
    import xmlschema  # a quarter of a second, which the start does not have

    return xmlschema.XMLSchema10(folder / "reading.xsd", allow="local")


def _located(
    element: etree._Element, message: str, known: Mapping[etree._Element, Placed], *, from_json: bool
) -> Finding:
    placed = known.get(element)
    if placed is None:
        subject, location = _outsider(element, known), _xpath(element, known)
    else:
        subject = str(placed.at) if from_json else placed.at.named()
        # One too many stands where there is no position in an array to tell them apart by.
        location = _xpath(element, known) if _is_repeated(element, placed.at) else placed.at.xpath()
    return _finding(f"{subject} {message}", location, None if from_json else line_of(element))


def _is_repeated(element: etree._Element, at: Place) -> bool:
    return at.position is None and next(element.itersiblings(element.tag, preceding=True), None) is not None


def _outsider(element: etree._Element, known: Mapping[etree._Element, Placed]) -> str:
    """Name an element that has no place in the type facts: unknown, or XHTML."""
    name = etree.QName(element)
    if name.namespace == narrative.NAMESPACE:
        return f"In the narrative, the element {name.localname}"
    foreign = "" if name.namespace == xml.NAMESPACE else f" of the namespace {quoted(name.namespace or '')}"
    above = element.getparent()
    inside = f" in {known[above].at.named()}" if above is not None and above in known else ""
    return f"{name.localname}{foreign}{inside}"


def _xpath(element: etree._Element, known: Mapping[etree._Element, Placed]) -> str:
    """Give the XPath of an element: that of the next place above it, and the steps from there."""
    name = etree.QName(element)
    above = element.getparent()
    owner = "" if above is None else known[above].at.xpath() if above in known else _xpath(above, known)
    prefix = {xml.NAMESPACE: "f", narrative.NAMESPACE: "h"}.get(name.namespace or "")
    if prefix is None:
        return owner  # no prefix is agreed for its namespace: its parent is the place
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    alone = before == 0 and next(element.itersiblings(element.tag), None) is None
    return f"{owner}/{prefix}:{name.localname}{'' if alone else f'[{before + 1}]'}"


def _attributes(element: etree._Element, place: Placed, structure: Structure) -> Iterator[str]:
    """Say what is wrong with the attributes of an element: unknown ones, and values that are not of their type."""
    known = {each.name: each.type for each in structure.types[place.type].elements if each.attribute}
    if structure.types[place.type].json:
        known = {"id": "string", "value": place.type}
    # Names only, and not all: lxml looks every value up by its name, which takes minutes for 60,000 of them.
    for name in islice(element.attrib, MOST_FINDINGS + 1):
        of_type, value = known.get(str(name)), element.get(name, "")
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


def _is_small(elements: Collection[etree._Element]) -> bool:
    counts = [len(each.attrib) for each in elements]
    return len(counts) <= MOST_ELEMENTS and sum(counts) <= MOST_ELEMENTS and max(counts) <= MOST_ATTRIBUTES


def _is_empty(element: etree._Element) -> bool:
    return len(element) == 0 and not element.attrib and not (element.text or "").strip()


def _plainly(element: etree._Element, reason: str, known: Mapping[etree._Element, Placed]) -> str:
    """Say for what reason the schema refuses an element against which the type facts have nothing."""
    placed = known.get(element)
    if placed is not None and placed.type in EXPECTED and element.get("value") is not None:
        return f"has the value {quoted(str(element.get('value')))}: expected {EXPECTED[placed.type]}"
    return f"is refused: {_rephrased(reason)}"


def _rephrased(reason: str) -> str:
    """Give a schema's reason without namespaces, patterns and objects, in one line."""
    text = _CLARK.sub("", reason).partition(" of [")[0]
    return " ".join(text.split())[:160].rstrip(".")


def _finding(message: str, location: str, line: int | None = None) -> Finding:
    return Finding("structure", message, location, line=line, source="FHIR STU3")
