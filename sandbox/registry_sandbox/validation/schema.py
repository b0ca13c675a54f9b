"""The reading schema's verdict: whether a tree can be read as a STU3 resource at all.

libxml2 judges in microseconds. Why it refused is explained elsewhere, and only when somebody asks.
"""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree


class ReadingSchema:
    """The compiled `reading.xsd` of a folder of definitions."""

    def __init__(self, folder: Path) -> None:
        self._schema = etree.XMLSchema(etree.parse(folder / "reading.xsd"))

    def accepts(self, root: etree._Element) -> bool:
        """Tell whether the schema has nothing against the document."""
        return self._schema.validate(root)

    def complaints(self, root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
        """Give what libxml2 itself says against the document, each with the element that it speaks of."""
        self._schema.validate(root)
        for entry in list(self._schema.error_log):  # type: ignore[call-overload]  # the stubs do not say it is a list
            try:
                found = root.getroottree().xpath(entry.path) if entry.path else None
            except etree.XPathError:  # the path has the document's own prefixes in it
                found = None
            first = found[0] if isinstance(found, list) and found else root
            yield (first if etree.iselement(first) else root), str(entry.message)
