"""Variations of XML text: prefix, declaration, quotes, white space. The document stays the same.

Source: XML 1.0 sections 2.3, 2.8 and 3.1; Namespaces in XML 1.0; FHIR STU3, XML Representation.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from registry_sandbox.faults.variations import Draw, chosen
from registry_sandbox.fhir import xml

PREFIX: Final = "xml-prefix"
DECLARATION: Final = "xml-declaration"
QUOTES: Final = "xml-quotes"
WHITE_SPACE: Final = "white-space"
NAMES: Final = (PREFIX, DECLARATION, QUOTES, WHITE_SPACE)

_DECLARATIONS: Final = ("", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n")
_IN_ATTRIBUTES: Final = {'"': "&quot;", "'": "&apos;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


def varied(body: bytes, wanted: Collection[str], draw: Draw) -> bytes:
    """Return the same document in another text."""
    writer = _Writer(frozenset(wanted), "f:" if PREFIX in wanted else "", "'" if QUOTES in wanted else '"')
    declaration = chosen(draw, DECLARATION, _DECLARATIONS) if DECLARATION in wanted else xml.DECLARATION
    return (declaration + writer.write(xml.parse(body), 0)).encode()


@dataclass(frozen=True, slots=True)
class _Writer:
    wanted: frozenset[str]
    prefix: str
    quote: str

    def write(self, element: etree._Element, depth: int) -> str:
        """Return the text of an element that stands inside `depth` others."""
        name = etree.QName(element)
        if name.namespace != xml.NAMESPACE:  # the narrative: white space matters in it, so it stays as it is
            return etree.tostring(element, encoding="unicode", with_tail=False)
        children = [self.write(each, depth + 1) for each in element]
        tag = f"{self.prefix}{name.localname}"
        opening = f"<{tag}{'' if depth else self._namespace()}{self._attributes(element)}"
        if not children:
            return f"{opening}></{tag}>" if QUOTES in self.wanted else f"{opening}/>"
        indent = "\n" + "  " * depth if WHITE_SPACE in self.wanted else ""
        inside = "".join(f"{indent}{'  ' if indent else ''}{each}" for each in children)
        return f"{opening}>{inside}{indent}</{tag}>"

    def _namespace(self) -> str:
        return self._attribute("xmlns:f" if self.prefix else "xmlns", xml.NAMESPACE)

    def _attributes(self, element: etree._Element) -> str:
        return "".join(self._attribute(str(name), str(value)) for name, value in element.attrib.items())

    def _attribute(self, name: str, value: str) -> str:
        return f" {name}={self.quote}{escape(value, _IN_ATTRIBUTES)}{self.quote}"
