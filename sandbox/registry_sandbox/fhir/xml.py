"""XML as FHIR writes it: a safe parser, XPath locations, and escapes in attributes.

Source: FHIR STU3, XML Representation.
"""

import re

from lxml import etree

from registry_sandbox.fhir import narrative

NAMESPACE = "http://hl7.org/fhir"
SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


Node = etree._Element  # noqa: SLF001 - lxml has no public name for it
"""An element of a parsed document."""


class NotXml(ValueError):
    """The bytes are not an XML document that the sandbox reads."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def parse(body: bytes) -> Node:
    """Parse a document. Nothing is loaded or expanded; comments and processing instructions are dropped.

    Raises:
        NotXml: the body is not well-formed, is not in UTF-8, or declares a document type.
    """
    # A search for one byte is quicker than one for nine, and most bodies have no exclamation mark.
    if ord("!") in body and b"<!DOCTYPE" in body:
        line = body.count(b"\n", 0, body.index(b"<!DOCTYPE")) + 1
        raise NotXml("The body has a document type declaration (DOCTYPE), which is never processed", line)
    declared = _ENCODING.match(body)
    if (declared and declared[1].lower() != b"utf-8") or body.startswith((b"\xff\xfe", b"\xfe\xff")) or 0 in body:
        found = f"declares {declared[1].decode('ascii', 'replace')}" if declared else "is in another encoding"
        raise NotXml(f"The body {found}: FHIR is sent as UTF-8", 1)
    try:
        return etree.fromstring(body, _PARSER.safe)
    except etree.XMLSyntaxError as error:
        raise NotXml(f"The body is not well-formed XML: {narrative.reason_of(error)}", error.lineno or None) from error


def step(element: Node) -> str:
    """Return the XPath of an element from its parent, such as `f:participant[2]`; empty in a foreign namespace."""
    name = etree.QName(element)
    prefix = _PREFIXES.get(name.namespace or "")
    if prefix is None:
        return ""
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    alone = before == 0 and next(element.itersiblings(element.tag), None) is None
    return f"{prefix}:{name.localname}{'' if alone else f'[{before + 1}]'}"


def line_of(element: Node) -> int | None:
    """Return the line where an element begins."""
    return element.sourceline  # type: ignore[return-value]  # the stubs leave its type open


def names_of_attributes(element: Node) -> list[str]:
    """Return the names of an element's attributes. lxml searches for each value, so readers ask for the names first."""
    return element.keys()  # type: ignore[return-value]  # the stubs allow for bytes, which only writers set


def attribute_name(name: str) -> str:
    """Return the name of an attribute as people write it: `xml:lang`, `xsi:type`."""
    for namespace, prefix in _ATTRIBUTE_PREFIXES.items():
        name = name.replace(f"{{{namespace}}}", prefix)
    return name


_ENCODING = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]{0,80}?\bencoding\s*=\s*[\"']([^\"'>]{0,40})")
_PREFIXES = {NAMESPACE: "f", narrative.NAMESPACE: "h"}
_ATTRIBUTE_PREFIXES = {NAMESPACE: "", "http://www.w3.org/XML/1998/namespace": "xml:", SCHEMA_INSTANCE: "xsi:"}
_PARSER = narrative.Parser()


def escaped(text: str) -> str:
    """Return the text with the escapes of an attribute."""
    return text.translate(_ESCAPES) if needs_escapes(text) else text


def needs_escapes(text: str) -> bool:
    """Return True if a text has a character that an attribute cannot have as it is."""
    # Written out: each is a search at the speed of memory, where a regular expression looks at every character.
    return "&" in text or "<" in text or ">" in text or '"' in text or "\t" in text or "\n" in text or "\r" in text


# A parser turns a line break or a tab in an attribute into a space, unless it is a character reference.
_ESCAPES = str.maketrans(
    {each: f"&#{ord(each)};" for each in "\t\n\r"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
)
