"""What a schema of the user's own, such as HL7's `fhir-single.xsd`, says about a document in XML.

libxml2 decides, since it is the engine that most people have. What it refuses, `xmlschema` puts into words: it names
the element, which libxml2 does by its line alone.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from registry_sandbox.fhir import xml
from registry_sandbox.fhir.finding import Finding

if TYPE_CHECKING:
    import xmlschema

MOST_COMPLAINTS = 20
"""As many as are listed of one document."""


class UnusableSchema(Exception):
    """The user's schema cannot be used; the message names the file and says why."""


@dataclass(frozen=True, slots=True)
class SchemaVerdict:
    """What a schema says about one document: nothing, if it accepts it."""

    file: str
    complaints: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """The schema's name without its folder."""
        return Path(self.file).name


class UserSchema:
    """A schema from a file. Nothing is fetched for it: what it includes or imports stands beside it.

    Raises:
        UnusableSchema: the file cannot be read, or is no schema.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._schema = etree.XMLSchema(etree.parse(file, etree.XMLParser(no_network=True, resolve_entities=False)))
        except (OSError, etree.LxmlError) as error:
            raise UnusableSchema(f"{file}: is no schema that can be used: {error}") from error

    def verdict(self, body: bytes) -> SchemaVerdict:
        """Return what the schema says about a document."""
        try:
            document = xml.parse(body)
        except xml.NotXml as error:
            return self._refusal([Finding("structure", str(error), line=error.line)])
        if self._schema.validate(document):
            return SchemaVerdict(str(self._file), ())
        return self._refusal(self._in_words(document) or self._as_libxml2_says())

    def _refusal(self, complaints: list[Finding]) -> SchemaVerdict:
        source = self._file.name
        return SchemaVerdict(str(self._file), tuple(each._replace(source=source) for each in complaints))

    def _in_words(self, document: xml.Node) -> list[Finding]:
        errors = islice(self._words.iter_errors(document), MOST_COMPLAINTS)
        return [
            Finding("structure", " ".join(f"{self._file.name}: {each.reason}".split()), line=each.sourceline)
            for each in errors
        ]

    def _as_libxml2_says(self) -> list[Finding]:
        log: Any = self._schema.error_log
        listed = islice(log, MOST_COMPLAINTS)
        return [Finding("structure", f"{self._file.name}: {each.message}", line=each.line) for each in listed]

    @cached_property
    def _words(self) -> "xmlschema.XMLSchema":
        import xmlschema  # takes a second to build a large schema, so only where there is something to put into words

        return xmlschema.XMLSchema(str(self._file), allow="local")
