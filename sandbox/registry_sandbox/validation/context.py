"""What the validation of one resource carries along: where it is, and what it has found.

A place is a chain of tuples, cheap to make at every element. It becomes an XPath only where there is something to say.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from registry_sandbox.fhir.finding import MOST_FINDINGS, Finding, IssueType, Severity, left_out
from registry_sandbox.fhir.resource import Resource

QUOTED_CHARACTERS = 80
"""As much of a value as a message quotes."""

MOST_NOTED = 1000
"""The most findings of each severity that are kept at all, so that no body fills the memory."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "information")

BASE = "http://hl7.org/fhir/StructureDefinition/"
"""The beginning of the canonical URLs of FHIR's own definitions."""


class Step(NamedTuple):
    """An element as one step of a path: its name in the resource, its step in an XPath, its rank among its siblings."""

    name: str
    xpath: str
    rank: int


Place = tuple[Any, Step, int | None]
"""The place of the parent (or None), the step from there, and the index from 0 where the element repeats."""


@lru_cache(maxsize=256)
def root_place(resource_type: str) -> Place:
    """Return the place of a whole resource."""
    return (None, Step(resource_type, f"f:{resource_type}", 0), None)


@dataclass(slots=True)
class ValidationContext:
    """The validation of one resource, by one or several profiles.

    `whole` is what was sent. `resource` is what FHIRPath calls %resource: the one that is not contained in another,
    such as the resource of a Bundle's entry. `numbers` counts the findings of each severity, the kept ones included.
    """

    whole: Resource
    resource: Resource
    found: list[tuple[Place, Finding]] = field(default_factory=list)
    numbers: dict[Severity, int] = field(default_factory=dict)
    _contained: dict[str, Resource] | None = None
    _for_fhirpath: Any = None

    def add(  # noqa: PLR0913 - a finding has so many sides
        self,
        code: IssueType,
        at: Place,
        message: str,
        source: str,
        *,
        severity: Severity = "error",
        missing: bool = False,
    ) -> None:
        """Add a finding; the location of a missing element is its parent."""
        number = self.numbers[severity] = self.numbers.get(severity, 0) + 1
        if number <= MOST_NOTED:
            location = xpath(at[0] if missing and at[0] is not None else at)
            self.found.append((at, Finding(code, message, location, severity, source=source)))

    def inside(self, resource: Resource) -> "ValidationContext":
        """Return a context for a resource of its own, such as a Bundle's entry, that adds to the same findings."""
        return ValidationContext(self.whole, resource, self.found, self.numbers)

    def alone(self) -> "ValidationContext":
        """Return a context for the same resource with findings of its own, which `take` may add later."""
        return ValidationContext(self.whole, self.resource)

    def take(self, other: "ValidationContext") -> None:
        """Add all that another context found."""
        self.found.extend(other.found)
        for severity, number in other.numbers.items():
            self.numbers[severity] = self.numbers.get(severity, 0) + number

    def contained(self) -> dict[str, Resource]:
        """Return the contained resources by id, looked up once however many references there are."""
        if self._contained is None:
            contained = self.resource.get("contained", ())
            self._contained = {each["id"]: each for each in contained if "id" in each}
        return self._contained

    def for_fhirpath(self, make: Callable[[Resource], Any]) -> Any:
        """Return the resource as FHIRPath takes it, made once however many expressions ask for it."""
        if self._for_fhirpath is None:
            self._for_fhirpath = make(self.resource)
        return self._for_fhirpath

    def in_document_order(self, line: Callable[[str], int | None]) -> list[Finding]:
        """Return the findings in the order of the elements in the definitions, which is that of an XML document.

        A finding that two profiles took from the same base is listed once. Of very many findings, errors come before
        the others, and the last one tells how many are left out.
        """
        ordered = sorted(self.found, key=lambda noted: _rank(noted[0]))
        once = list(dict.fromkeys(finding for _, finding in ordered))
        more = sum(self.numbers.values()) - len(self.found) + max(len(once) - MOST_FINDINGS, 0)
        listed = [_with_line(each, line(each.location)) for each in _gravest(once)]
        return [*listed, left_out(more, listed[-1].severity)] if more else listed


def _gravest(findings: list[Finding]) -> list[Finding]:
    """Keep as many as an answer lists, in their order."""
    if len(findings) <= MOST_FINDINGS:
        return findings
    grave = sorted(range(len(findings)), key=lambda n: (SEVERITIES.index(findings[n].severity), n))
    return [findings[n] for n in sorted(grave[:MOST_FINDINGS])]


def _with_line(finding: Finding, line: int | None) -> Finding:
    return finding if line is None else finding._replace(line=line)


def _steps(place: Place) -> list[tuple[Step, int | None]]:
    steps = []
    here: Place | None = place
    while here is not None:
        steps.append((here[1], here[2]))
        here = here[0]
    return steps[::-1]


def _rank(place: Place) -> list[tuple[int, int]]:
    return [(step.rank, -1 if index is None else index) for step, index in _steps(place)]


def xpath(place: Place) -> str:
    """Write a place as an XPath with the prefix f for FHIR: `/f:Appointment/f:participant[1]/f:actor`."""
    return "".join(f"/{step.xpath}" + ("" if n is None else f"[{n + 1}]") for step, n in _steps(place))


def path(place: Place) -> str:
    """Write a place as people speak of it: `Appointment.participant.actor`."""
    return ".".join(step.name for step, _ in _steps(place))


def quoted(value: object) -> str:
    """Quote a short value whole; of a longer one, its beginning and its length."""
    text = value if isinstance(value, str) else _written(value)
    if len(text) > QUOTED_CHARACTERS:
        ellipsis = f"{text[:QUOTED_CHARACTERS]}..."
        return f'"{ellipsis}" ({len(text)} characters)' if isinstance(value, str) else ellipsis
    return f'"{text}"' if isinstance(value, str) else text


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_written(part) for part in value) + "]"
    return str(value)


def short(url: str) -> str:
    """Name a definition shortly: `Registry-Appointment-1`, or `FHIR STU3` for the standard's own."""
    return "FHIR STU3" if url.startswith(BASE) else url.rsplit("/", 1)[-1]
