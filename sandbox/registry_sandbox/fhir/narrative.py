"""The narrative's XHTML: a string in JSON, an element in XML, and the same in both.

Source: FHIR STU3, Narrative; JSON Representation (xhtml).
"""

import threading
from copy import deepcopy

from lxml import etree

NAMESPACE = "http://www.w3.org/1999/xhtml"
DIV = f"{{{NAMESPACE}}}div"


class Parser(threading.local):
    """A safe parser for each thread. lxml locks a parser while it parses, so a large body would delay a small one."""

    def __init__(self) -> None:
        self.safe = safe_parser()


def safe_parser(schema: etree.XMLSchema | None = None) -> etree.XMLParser:
    """Return a parser that loads and expands nothing, and drops comments and processing instructions."""
    return etree.XMLParser(
        encoding="utf-8",
        schema=schema,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,  # nothing looks anything up by xml:id
    )


def reason_of(error: etree.XMLSyntaxError) -> str:
    """Return the parser's reason in one line, without the excerpt that it adds, which may quote much of the body."""
    reason = (error.msg or "it ends too early").partition(", line ")[0][:160]
    return "it is nested too deep" if reason.startswith("Excessive depth") else reason


def text_of(div: etree._Element) -> str:
    """Return the element as a string that declares the namespaces that it uses, and no others."""
    if div.nsmap != {None: NAMESPACE}:
        div = deepcopy(div)
        div.tail = None
        etree.cleanup_namespaces(div)
    return etree.tostring(div, encoding="unicode", with_tail=False)


def parse(text: str) -> tuple[etree._Element | None, str]:
    """Parse a narrative in JSON: the div, or None and what is wrong with it."""
    if "<!DOCTYPE" in text:
        return None, "has a document type declaration, which is never processed"
    try:
        div = etree.fromstring(text.encode(), _PARSER.safe)
    except etree.XMLSyntaxError as error:
        return None, f"is not well-formed XHTML: {reason_of(error)}"
    if div.tag != DIV:
        return None, f"is no div element of the namespace {NAMESPACE}"
    return div, ""


_PARSER = Parser()
