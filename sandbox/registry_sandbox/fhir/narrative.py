"""The narrative's XHTML: a string in JSON, an element in XML, and the same in both.

Source: FHIR STU3, Narrative; JSON Representation (xhtml).
"""

from copy import deepcopy

from lxml import etree

NAMESPACE = "http://www.w3.org/1999/xhtml"
DIV = f"{{{NAMESPACE}}}div"


def safe_parser() -> etree.XMLParser:
    """Make a parser that loads nothing, expands nothing, and knows neither comments nor processing instructions."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,  # nothing looks anything up by xml:id
    )


def reason_of(error: etree.XMLSyntaxError) -> str:
    """Give the parser's reason in one line, without its dump of the place, which may quote much of the body."""
    reason = (error.msg or "it ends too early").partition(", line ")[0][:160]
    return "it is nested too deep" if reason.startswith("Excessive depth") else reason


def text_of(div: etree._Element) -> str:
    """Give the element as a string that stands alone: it declares the namespaces that it uses, and no others."""
    if div.nsmap != {None: NAMESPACE}:
        div = deepcopy(div)
        div.tail = None
        etree.cleanup_namespaces(div)
    return etree.tostring(div, encoding="unicode", with_tail=False)


def read(text: str, deepest: int) -> tuple[str, str]:
    """Give a JSON narrative as it can stand in XML, and what is wrong with it (nothing, mostly).

    It stays as it was sent, but for comments, CDATA sections and white space around it.
    """
    if "<!DOCTYPE" in text:
        return text, "has a document type declaration, which is never processed"
    try:
        div = etree.fromstring(text.encode(), _PARSER)
    except etree.XMLSyntaxError as error:
        return text, f"is not well-formed XHTML: {reason_of(error)}"
    if div.tag != DIV:
        return text, f"is no div element of the namespace {NAMESPACE}"
    if is_deeper(div, deepest):
        return text, "is nested too deep"
    plain = text.startswith("<div") and text.endswith(">") and "<!" not in text and "<?" not in text
    return (text if plain else text_of(div)), ""


def is_deeper(element: etree._Element, than: int) -> bool:
    """Tell whether more elements than this stand inside each other, the outermost included."""
    level = [element]
    for _ in range(than):
        if not level:
            break
        level = [child for each in level for child in each]
    return bool(level)


_PARSER = safe_parser()
