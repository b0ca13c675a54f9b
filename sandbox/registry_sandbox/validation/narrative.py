"""What the invariants txt-1 and txt-2 ask of a narrative.

Source: https://hl7.org/fhir/STU3/narrative.html
"""

import re

from lxml import etree

from registry_sandbox.fhir.narrative import NAMESPACE, parse
from registry_sandbox.fhir.xml import Node

# fmt: off
ELEMENTS = frozenset({
    "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "dfn",
    "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "q", "samp",
    "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var",
})
ATTRIBUTES = frozenset({
    "abbr", "accesskey", "align", "alt", "axis", "bgcolor", "border", "cellhalign", "cellpadding", "cellspacing",
    "cellvalign", "char", "charoff", "charset", "cite", "class", "colspan", "compact", "coords", "dir", "frame",
    "headers", "height", "href", "hreflang", "hspace", "id", "lang", "longdesc", "name", "nowrap", "rel", "rev",
    "rowspan", "rules", "scope", "shape", "span", "src", "start", "style", "summary", "tabindex", "title", "type",
    "valign", "value", "vspace", "width",
})
# fmt: on
_XHTML = f"{{{NAMESPACE}}}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_LINKS = ("href", "src", "cite", "longdesc", "style")

# A browser passes over white space and control characters in a scheme.
_SKIPPED = re.compile("[\x00-\x20\x7f-\xa0]+")
_ACTIVE = re.compile("(?:^|url\\([\"']?)(?:javascript|vbscript|data:text/html)", re.IGNORECASE)


def is_clean_narrative(div: str) -> bool:
    """Return whether a div has only basic formatting, without active links (txt-1), and says something (txt-2)."""
    return has_basic_formatting(div) and says_something(div)


def has_basic_formatting(div: str) -> bool:
    """Return whether a div has only basic formatting, without active links (txt-1)."""
    root, _ = parse(div)
    return root is not None and _is_basic(root)


def says_something(div: str) -> bool:
    """Return whether a div has a text or an image (txt-2)."""
    root, _ = parse(div)
    return root is not None and _says_something(root)


def _is_basic(root: Node) -> bool:
    for element in root.iter(etree.Element):
        if not str(element.tag).startswith(_XHTML) or str(element.tag).removeprefix(_XHTML) not in ELEMENTS:
            return False
        if not all(str(name) in ATTRIBUTES or name == _XML_LANG for name in element.attrib):
            return False
        if any(_is_active(element.get(name, "")) for name in _LINKS):
            return False
    return True


def _is_active(link: str) -> bool:
    return bool(link) and _ACTIVE.search(_SKIPPED.sub("", link)) is not None


def _says_something(root: Node) -> bool:
    # The string value of an element leaves out comments and instructions.
    return bool(root.xpath("normalize-space(.)")) or any(image.get("src") for image in root.iter(f"{_XHTML}img"))
