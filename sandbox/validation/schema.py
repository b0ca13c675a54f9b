"""The reading schema's verdict: whether a tree can be read as a STU3 resource at all.

libxml2 judges in microseconds. Why it refused is explained elsewhere, and only when somebody asks.
"""

import re
from pathlib import Path

from lxml import etree

_CLARK = re.compile(r"\{[^}]*\}")


class ReadingSchema:
    """The compiled `reading.xsd` of a folder of definitions."""

    def __init__(self, folder: Path) -> None:
        self._schema = etree.XMLSchema(etree.parse(folder / "reading.xsd"))

    def accepts(self, root: etree._Element) -> bool:
        """Tell whether the schema has nothing against the document."""
        return self._schema.validate(root)

    def complaints(self, root: etree._Element) -> list[str]:
        """Give what libxml2 itself says against the document, without the namespaces that it puts before each name."""
        self._schema.validate(root)
        return [_CLARK.sub("", str(entry.message)) for entry in self._schema.error_log]  # type: ignore[attr-defined]
