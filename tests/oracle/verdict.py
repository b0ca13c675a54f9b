"""What a validator says of a document, and what the documents are validated by."""

from dataclasses import dataclass

from tests.oracle.corpus import Profile

CARECONNECT = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"
REGISTRY = "https://fhir.nhs.uk/STU3/StructureDefinition/Registry-Appointment-1"
PROFILES: dict[Profile, str] = {"registry": REGISTRY, "base": CARECONNECT}


@dataclass(frozen=True, slots=True)
class Said:
    """What a validator says of one document: a finding, its location as that validator writes it."""

    severity: str
    location: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        """Write it as a line."""
        place = f" line {self.line}" if self.line else ""
        return f"{self.severity}{place} {self.location}: {self.message}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a validator makes of a document: `accepted`, or how it is refused.

    The sandbox refuses with `400` or `422`; HAPI has `refused` a document, or has `failed` on it.
    """

    outcome: str
    findings: tuple[Said, ...] = ()

    @property
    def accepts(self) -> bool:
        """True if the document is taken."""
        return self.outcome == "accepted"

    def errors(self) -> list[Said]:
        """Return the findings for which the document is refused."""
        return [each for each in self.findings if each.severity in {"error", "fatal"}]
