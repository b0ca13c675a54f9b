"""Narratives are judged by a schema of their own: libxml2 says yes or no, `xmlschema` says why.

Nothing that changes is shared between threads. Each thread has a libxml2 schema of its own, because lxml keeps the
errors of the last document; they are never read. `xmlschema` works under a lock.

To explain takes time: `xmlschema` is imported and built for the first refusal, and visits each element in Python. So
only what is small is explained, and a caller on the event loop can ask to be told before (`SlowToExplain`).

Source: FHIR STU3, Narrative; JSON Representation (xhtml).
"""

import re
import threading
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from registry_sandbox.fhir import narrative, xml
from registry_sandbox.reading import wording
from registry_sandbox.reading.problems import Problem, Problems, Step, XPathOnly

if TYPE_CHECKING:
    import xmlschema

MOST_ELEMENTS = 1_000
"""A narrative is explained up to this size, elements and attributes together; of a larger one it is only said where."""

MOST_EXPLAINED = 20
"""How many errors of one narrative are told: `xmlschema` takes longer for each than for the one before."""

_CLARK = re.compile(r"\{[^}]*\}")
_INSTANCE_PREFIX = f"{{{xml.SCHEMA_INSTANCE}}}"


class SlowToExplain(Exception):
    """A refusal of this body takes long to explain: read it again with `explain=True`, off the event loop."""


class Narratives:
    """Checks narratives by the schema in a file."""

    def __init__(self, schema: Path) -> None:
        self._schema = schema
        self._verdict = _Verdict(schema)
        self._lock = threading.Lock()

    def read_text(self, text: str, deepest: int, found: Problems) -> str:
        """Check a narrative in JSON, and return it as it stands in XML."""
        div, flaw = narrative.parse(text)
        if div is None:
            found.note(wording.plain, flaw)
            return text
        # Its lines are those of a string: in the body it stands on one.
        return self.read(div, deepest, found, with_lines=False)

    def read(self, div: xml.Node, deepest: int, found: Problems, *, with_lines: bool = True) -> str:
        """Return a div as a string, and note what is wrong with it; the caller adds the steps that lead to it.

        Args:
            div: the element.
            deepest: so many levels it may have.
            found: where problems are noted.
            with_lines: whether its lines are those of the body.
        """
        text = narrative.text_of(div)
        size = _size(div, deepest)
        if size is None:
            found.note(wording.too_deep, line=xml.line_of(div) if with_lines else None)
            return text
        wrong = list(_wrong_attributes(div))
        if not wrong and not self._verdict.accepts(text):
            wrong = [(element, f"is refused: {reason}") for element, reason in self._reasons(div, size, found)]
        for element, message in wrong:
            if not found.count_beyond():
                line = xml.line_of(element) if with_lines else None
                found.append(Problem(message, line, _subject(element), is_known=True, steps=_steps(element, div)))
        return text

    def _reasons(self, div: xml.Node, size: int, found: Problems) -> Iterator[tuple[xml.Node, str]]:
        if not found.allows(size, MOST_ELEMENTS):
            yield div, "it has something that no narrative may have, and is too large for more to be said"
            return
        if not found.explain:
            raise SlowToExplain
        with self._lock:
            errors: list[Any] = list(islice(self._explaining.iter_errors(div), MOST_EXPLAINED))
        if not errors:  # a verdict of libxml2 that xmlschema does not share
            yield div, "it has something that no narrative may have"
        for error in errors:
            yield (div if error.elem is None else error.elem), _rephrased(str(error.reason))

    @cached_property
    def _explaining(self) -> "xmlschema.XMLSchema10":
        import xmlschema  # a quarter of a second, which the start does not have

        return xmlschema.XMLSchema10(self._schema, allow="local")


class _Verdict(threading.local):
    """What libxml2 says, by a schema and a parser that each thread makes for itself.

    The schema is run by the parser, over the text. Run over the tree, lxml writes down the place of each error, which
    takes seconds for thousands of them.
    """

    def __init__(self, schema: Path) -> None:
        self._parser = narrative.safe_parser(etree.XMLSchema(etree.parse(schema)))

    def accepts(self, text: str) -> bool:
        """True if the schema accepts a div, which is well-formed."""
        try:
            etree.fromstring(text.encode(), self._parser)
        except etree.XMLSyntaxError:
            # lxml keeps every error, and with it text of the body, until the parser is used again.
            etree.fromstring(_HARMLESS, self._parser)
            return False
        return True


_HARMLESS = f'<div xmlns="{narrative.NAMESPACE}"/>'.encode()


def _size(div: xml.Node, deepest: int) -> int | None:
    """Count elements and attributes; None if more levels than this stand inside each other."""
    level, size = [div], 0
    for _ in range(deepest):
        if not level:
            return size
        size += sum(1 + len(each.attrib) for each in level)
        level = [child for each in level for child in each]
    return None if level else size


def _wrong_attributes(div: xml.Node) -> Iterator[tuple[xml.Node, str]]:
    """Find what the parser's schema does not look at: attributes of XML Schema itself, and ids that are there twice."""
    ids: set[str] = set()
    for element in div.iter():
        for name in xml.names_of_attributes(element):
            if name.startswith(_INSTANCE_PREFIX):  # it could make libxml2 load files
                yield element, wording.unknown_attribute(xml.attribute_name(name), ())
            elif name == "id":
                value = element.get(name, "").strip()
                if value in ids:
                    yield element, wording.repeated_id(value)
                ids.add(value)


def _subject(element: xml.Node) -> str:
    return f"In the narrative, the element {etree.QName(element).localname}"


def _steps(element: xml.Node, div: xml.Node) -> list[Step]:
    """Return the steps from an element of a narrative up to the div, which is not among them."""
    steps: list[Step] = []
    here: xml.Node | None = element
    while here is not None and here is not div:
        steps.append(XPathOnly(xml.step(here)))
        here = here.getparent()
    return steps


def _rephrased(reason: str) -> str:
    """Return a schema's reason without namespaces, patterns and objects, in one line."""
    text = _CLARK.sub("", reason).partition(" of [")[0]
    return " ".join(text.split())[:160].rstrip(".")
