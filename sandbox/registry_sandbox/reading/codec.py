"""Bodies are read and resources are written, in either format: the way into this package.

Source: FHIR STU3, Formats; registry.md, "400 or 422" (docs/decisions.md).
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from lxml import etree

from registry_sandbox import shipped
from registry_sandbox.fhir import json, narrative, structure, xml
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Format, Resource
from registry_sandbox.http.errors import NotReadable, NotWellFormed
from registry_sandbox.reading.json_reader import JsonReader
from registry_sandbox.reading.narratives import Narratives, SlowToExplain
from registry_sandbox.reading.positions import JsonPositions, Position
from registry_sandbox.reading.problems import SOURCE, Problem, Problems, XPathOnly
from registry_sandbox.reading.xml_reader import SCHEMA_LOCATIONS, XmlReader
from registry_sandbox.reading.xml_writer import XmlWriter

_LONG_TO_SCAN = 16_384
"""Bytes of JSON in which lines and columns are not looked for on the event loop."""

_PREFIXES = {"f": xml.NAMESPACE, "h": narrative.NAMESPACE}


@dataclass(slots=True)
class Reading:
    """A body as it was read: the resource in FHIR's JSON shape, members in the order of their type.

    Args:
        resource: what was read.
        root: the tree of a body in XML.
        body: the bytes of a body in JSON.
    """

    resource: Resource
    root: xml.Node | None = None
    body: bytes = b""
    _positions: JsonPositions | None = None

    def line(self, location: str) -> int | None:
        """Return the line, in the body, of what an XPath with the prefixes f and h names; None if nothing is there."""
        position = self.position(location)
        return position.line if position else None

    def position(self, location: str) -> Position | None:
        """Return line and column of what such an XPath names; of XML the column is not known."""
        if not location.startswith("/"):
            return None
        if self.root is None:
            return self._in_json(location)
        try:
            found = self.root.getroottree().xpath(location, namespaces=_PREFIXES)
        except etree.XPathError:
            return None
        first: Any = found[0] if isinstance(found, list) and found else None
        element = (
            first if first is None or etree.iselement(first) else first.getparent()
        )  # an attribute stands on its element's line
        line = None if element is None else xml.line_of(element)
        return None if line is None else Position(line)

    def remarks(self) -> list[Finding]:
        """Return what is worth saying of the body, though nothing is wrong with it."""
        if self.root is None:
            return []
        told = [self.root.get(name) for name in SCHEMA_LOCATIONS]
        return [
            Finding(
                "informational",
                f"The root element names a schema ({json.quoted(location)}), which is ignored and never loaded",
                f"/f:{self.resource['resourceType']}",
                "information",
                xml.line_of(self.root),
                SOURCE,
            )
            for location in told
            if location is not None
        ]

    def _in_json(self, location: str) -> Position | None:
        if not self.body:
            return None
        if self._positions is None:
            self._positions = JsonPositions(self.body)
        return self._positions.of_xpath(location)


class Codec:
    """Reads and writes both formats, by tables made once.

    Its calls hold no state, so that it may serve any number of threads.

    Attributes:
        types: the types of resource that can be read, the Bundles and Parameters that hold others included.
    """

    def __init__(self) -> None:
        folder = shipped("profiles")
        facts = structure.load(folder / "structure.json")
        self.types = tuple(each.name for each in facts.resources())
        narratives = Narratives(folder / "narrative.xsd")
        self._json = JsonReader(facts, narratives)
        self._xml = XmlReader(facts, narratives)
        self._writer = XmlWriter(facts)

    def read(
        self,
        body: bytes,
        body_format: Format,
        expected: Collection[str] = ("Appointment",),
        *,
        explain: bool = True,
    ) -> Reading:
        """Read a body as one of the expected resource types.

        Args:
            body: the bytes.
            body_format: the format that they are in.
            expected: types that are described in `structure.json`.
            explain: whether a refusal may take as long as it takes to explain it, which may be a second.

        Raises:
            NotWellFormed: it is empty, or no XML or JSON.
            NotReadable: it is no STU3 resource of these types, with all findings.
            SlowToExplain: `explain` is false, and there is a narrative to explain, or much JSON to find lines in.
        """
        if not body.strip():
            raise NotWellFormed("The body is empty: expected a resource")
        read = self._read_json if body_format == "json" else self._read_xml
        return read(body, expected, Problems(explain=explain))

    def write(self, resource: Resource, wanted: Format) -> bytes:
        """Return the bytes of a resource that has the shape of its type."""
        return json.dumps(resource) if wanted == "json" else self._writer.write(resource).encode()

    def _read_json(self, body: bytes, expected: Collection[str], found: Problems) -> Reading:
        try:
            resource = json.parse(body)
        except json.NotJson as error:
            finding = Finding("structure", error.reason, line=error.line, column=error.column)
            raise NotWellFormed(findings=[finding]) from error
        _require_resource(resource, body, expected)
        self._json.read(resource, found)
        if found:
            if len(body) > _LONG_TO_SCAN and not found.explain:
                raise SlowToExplain
            positions = JsonPositions(body)
            listed = [_in_json(problem, positions) for problem in found]
            raise NotReadable(findings=[*listed, *found.rest()])
        return Reading(resource, body=body)

    def _read_xml(self, body: bytes, expected: Collection[str], found: Problems) -> Reading:
        try:
            root = xml.parse(body)
        except xml.NotXml as error:
            raise NotWellFormed(findings=[Finding("structure", str(error), line=error.line)]) from error
        if self._xml.type_of(root) not in expected:
            raise NotReadable(findings=[_other_root(root, expected)])
        resource = self._xml.read(root, found)
        if found:
            raise NotReadable(findings=[*(each.finding(indices=False) for each in found), *found.rest()])
        return Reading(resource, root)


@cache
def shared_codec() -> Codec:
    """Return the codec of this process: the tables are the same for all that runs in it, and take 20 ms to make."""
    return Codec()


def _in_json(problem: Problem, positions: JsonPositions) -> Finding:
    below_root = reversed([step for step in problem.steps[:-1] if not isinstance(step, XPathOnly)])
    line, column = positions.of_path(below_root)
    return problem.finding(indices=True, line=line, column=column)


def _other_root(root: xml.Node, expected: Collection[str]) -> Finding:
    name = etree.QName(root)
    if name.namespace != xml.NAMESPACE:
        found = f"of the namespace {json.quoted(name.namespace)}" if name.namespace else "without a namespace"
        message = (
            f"The root element {json.quoted(name.localname)} is {found}: expected {_names(expected)} of {xml.NAMESPACE}"
        )
    else:
        message = f"The body is a resource of type {json.quoted(name.localname)}: expected {_names(expected)}"
    return Finding("structure", message, "/*", line=xml.line_of(root))


def _require_resource(resource: Any, body: bytes, expected: Collection[str]) -> None:
    if not isinstance(resource, dict):
        message = f"The body is {json.described(resource)}: expected an object, with resourceType {_names(expected)}"
        steps: list[str] = []
    else:
        name = resource.get("resourceType")
        if isinstance(name, str) and name in expected:
            return
        found = "no resourceType" if name is None else f"as resourceType {json.described(name)}"
        message, steps = f"The body has {found}: expected {_names(expected)}", ["resourceType"]
    line, column = JsonPositions(body).of_path(steps)
    raise NotReadable(findings=[Finding("structure", message, "/*", line=line, column=column)])


def _names(expected: Collection[str]) -> str:
    return " or ".join(expected)
