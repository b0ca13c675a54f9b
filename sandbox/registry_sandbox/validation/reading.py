"""Bodies are read: bytes of either format become a resource, or it is said why not; and resources become bytes.

One schema decides for both formats: JSON that has the right shape is written as XML and judged as such. What is plainly
right, in either format, is recognised without it, with the same result.

Source: FHIR STU3, Formats; registry.md, "400 or 422" (docs/decisions.md).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lxml import etree

from registry_sandbox.fhir import json, narrative, structure, xml
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.plain import PlainReader
from registry_sandbox.fhir.resource import Format, Resource
from registry_sandbox.fhir.shape import MOST_MISFITS, Misfit, Shape, places
from registry_sandbox.fhir.tree import Reader, Unreadable
from registry_sandbox.http.errors import NotReadable, NotWellFormed, SandboxError
from registry_sandbox.validation.definitions import profiles_folder
from registry_sandbox.validation.explanation import MOST_FINDINGS, Explainer
from registry_sandbox.validation.placement import line_of
from registry_sandbox.validation.recognition import Recogniser
from registry_sandbox.validation.schema import ReadingSchema

_PREFIXES = {"f": xml.NAMESPACE, "h": narrative.NAMESPACE}


@dataclass(slots=True)
class Reading:
    """A body as it was read: the resource in FHIR's JSON shape, members in the order of their type.

    Of a body in XML there is the tree, or the body, which is parsed when a line is asked for.
    """

    resource: Resource
    root: etree._Element | None = None
    unparsed: bytes = b""

    def line(self, location: str) -> int | None:
        """Give the line, in an XML body, of what an XPath with the prefixes f and h names; None in a JSON body."""
        if self.root is None and self.unparsed:
            self.root = xml.parse(self.unparsed)
        if self.root is None or not location.startswith("/"):
            return None
        try:
            found = self.root.getroottree().xpath(location, namespaces=_PREFIXES)
        except etree.XPathError:
            return None
        first = found[0] if isinstance(found, list) and found else None
        return line_of(first) if etree.iselement(first) else None


class Refused(Exception):
    """The schema said no. To explain it takes a second the first time: do it off the event loop."""

    def __init__(
        self,
        codec: "Codec",
        root: etree._Element | None = None,
        *,
        resource: Resource | None = None,
        misfits: Sequence[Misfit] = (),
    ) -> None:
        super().__init__("the reading schema refused the body")
        self._codec = codec
        self._root = root
        self._resource = resource
        self._misfits = misfits

    def explained(self) -> SandboxError:
        """Give the refusal with all its findings, in the order of the document."""
        found: list[Finding] = []
        if self._root is not None:
            found = self._codec.explain(self._root, from_json=False)
        elif self._resource is not None:
            order = places(self._resource)
            found = self._misfits_found()
            if len(found) <= MOST_MISFITS:  # else the walk ended early, and the rest need not fit
                found += self._codec.explain(self._fitting(self._resource), from_json=True)
            found.sort(key=lambda each: order.get(each.location, len(order)))
        if len(found) > MOST_FINDINGS:
            found = [*found[:MOST_FINDINGS], Finding("structure", f"... and more: these are the first {MOST_FINDINGS}")]
        if not found:
            found = [Finding("structure", f"The body {self.__cause__ or 'cannot be read as FHIR STU3'}")]
        return NotReadable(findings=found)

    def _misfits_found(self) -> list[Finding]:
        return [
            Finding("structure", f"{each.place} {each.message}", each.location, source="FHIR STU3")
            for each in self._misfits
        ]

    def _fitting(self, resource: Resource) -> etree._Element:
        """Give the tree of what is left of the resource when the misfits are left out."""
        for each in self._misfits:
            each.leave_out()
        return self._codec.tree_of(resource)


class Codec:
    """Reads and writes both formats, with tables and a schema made once.

    Its calls hold no state, so that it may serve any number of threads.

    Args:
        recognising: recognise what is plainly right; tests set it beside a codec that asks the schema about everything.
    """

    def __init__(self, *, recognising: bool = True) -> None:
        folder = profiles_folder()
        facts = structure.load(folder / "structure.json")
        self._schema = ReadingSchema(folder)
        self._reader = Reader(facts)
        self._writer = xml.Writer(facts)
        self._shape = Shape(facts)
        self._recogniser = Recogniser(facts) if recognising else None
        self._plain_reader = PlainReader(facts)
        self._explainer = Explainer(facts, folder)

    def read(self, body: bytes, body_format: Format, expected: Collection[str] = ("Appointment",)) -> Reading:
        """Read a body as one of the expected resource types.

        Raises:
            NotWellFormed: it is empty, or no XML or JSON.
            NotReadable: it is no resource, or one of another type.
            Refused: it is no valid STU3 as far as the reading schema tells; call `explained()` off the event loop.
        """
        if not body.strip():
            raise NotWellFormed("The body is empty: expected a resource")
        return self._read_json(body, expected) if body_format == "json" else self._read_xml(body, expected)

    def write(self, resource: Resource, wanted: Format) -> bytes:
        """Give the bytes of a resource that has the shape of its type."""
        return json.dumps(resource) if wanted == "json" else self._writer.write(resource).encode()

    def tree_of(self, resource: Resource) -> etree._Element:
        """Give the tree of a resource that has the shape of its type."""
        return xml.parse(self._writer.write(resource).encode())

    def explain(self, root: etree._Element, *, from_json: bool) -> list[Finding]:
        """Give what is wrong with a tree that cannot be read, or nothing if it can."""
        return self._explainer.explain(root, self._schema.complaints(root), from_json=from_json)

    def _read_xml(self, body: bytes, expected: Collection[str]) -> Reading:
        if self._recogniser is not None:
            plain = self._plain_reader.read(body)
            if plain is not None and plain["resourceType"] in expected and self._recogniser.recognises(plain):
                return Reading(plain, unparsed=body)
        try:
            root = xml.parse(body)
        except xml.NotXml as error:
            raise NotWellFormed(findings=[Finding("structure", str(error), line=error.line)]) from error
        _require_root(root, expected)
        if xml.has_instance_attributes(body, root) or not self._schema.accepts(root):
            raise Refused(self, root)
        try:
            return Reading(self._reader.read(root), root)
        except Unreadable as error:
            raise Refused(self, root) from error

    def _read_json(self, body: bytes, expected: Collection[str]) -> Reading:
        try:
            resource = json.parse(body)
        except json.NotJson as error:
            raise NotWellFormed(str(error)) from error
        _require_resource(resource, expected)
        recognised = self._recogniser.recognised(resource, body) if self._recogniser else None
        return Reading(recognised) if recognised is not None else self._by_the_schema(resource)

    def _by_the_schema(self, resource: Resource) -> Reading:
        if misfits := self._shape.misfits(resource):
            raise Refused(self, resource=resource, misfits=misfits)
        root = self.tree_of(resource)
        if not self._schema.accepts(root):
            raise Refused(self, resource=resource)
        # Read back from the tree: the same resource gives the same members, in the same order, from either format.
        try:
            return Reading(self._reader.read(root))
        except Unreadable as error:
            raise Refused(self, resource=resource) from error


def _require_root(root: etree._Element, expected: Collection[str]) -> None:
    if root.tag in [f"{{{xml.NAMESPACE}}}{each}" for each in expected]:
        return
    name = etree.QName(root)
    if name.namespace != xml.NAMESPACE:
        found = f"of the namespace {json.quoted(name.namespace)}" if name.namespace else "without a namespace"
        message = (
            f"The root element {json.quoted(name.localname)} is {found}: expected {_names(expected)} of {xml.NAMESPACE}"
        )
    else:
        message = f"The body is a resource of type {json.quoted(name.localname)}: expected {_names(expected)}"
    raise NotReadable(findings=[Finding("structure", message, "/*", line=line_of(root))])


def _require_resource(resource: object, expected: Collection[str]) -> None:
    if not isinstance(resource, dict):
        raise NotReadable(
            f"The body is {json.described(resource)}: expected an object, with resourceType {_names(expected)}"
        )
    name = resource.get("resourceType")
    if not isinstance(name, str) or name not in expected:
        found = "no resourceType" if name is None else f"as resourceType {json.described(name)}"
        raise NotReadable(f"The body has {found}: expected {_names(expected)}", location="/*")


def _names(expected: Collection[str]) -> str:
    return " or ".join(expected)
