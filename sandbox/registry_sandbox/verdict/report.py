"""The report of a verdict: the rules with their grades, the findings, and how much of the contract was met.

Every format in `reports/` is made of this value alone, and the JSON format can be read back into it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from registry_sandbox.verdict.finding import Finding, Grade, Level, Requirement

SCENARIO: Final = "scenario-"
"""What the ids of an exam's scenarios begin with, among those of the rules."""

State = Literal["met", "met and handled", "not met"]


@dataclass(frozen=True, slots=True)
class RuleGrade:
    """A rule with its grade over everything that was judged.

    Attributes:
        id: the rule's sentence, hyphenated.
        sentence: the rule as people read it.
        message: why it is inconclusive or not exercised, and what would change that; who attested it; else empty.
        occurred: how often its precondition occurred.
    """

    id: str
    sentence: str
    level: Level
    grade: Grade
    requirement: Requirement
    message: str = ""
    occurred: int = 0

    @property
    def is_scenario(self) -> bool:
        """Whether it is a scenario of an exam, which a report shows as a rule of its own."""
        return self.id.startswith(SCENARIO)


@dataclass(frozen=True, slots=True)
class Met:
    """A documented outcome of an interaction, in one format, and whether the client met it.

    Attributes:
        interaction: such as `update`.
        status: the documented status.
        format: `json` or `xml`.
        state: `met and handled` where the client went on as the rules want it.
    """

    interaction: str
    status: int
    format: Literal["json", "xml"]
    state: State


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the contract the client met.

    Attributes:
        outcomes: every documented outcome.
        requirements: the ids of the rules by the id of each requirement on clients; empty where none covers it.
    """

    outcomes: tuple[Met, ...] = ()
    requirements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JournalExtent:
    """What was judged: the first and last number, and how many exchanges the journal had dropped."""

    first: int = 0
    last: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that a file of expected findings accepts, and why it does."""

    finding: Finding
    because: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A verdict.

    Attributes:
        rules: every rule with its grade, in the order of the rules.
        findings: what broke a rule or could not be judged, in the order of the exchanges.
        exchanges: the exchanges that findings name, as the journal shows them, by number.
        clients: the clients that were judged.
        accepted: findings that are known and accepted; they are not among `findings`.
    """

    rules: tuple[RuleGrade, ...]
    findings: tuple[Finding, ...]
    coverage: Coverage
    journal: JournalExtent
    clients: tuple[str, ...] = ()
    exchanges: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    accepted: tuple[Accepted, ...] = ()
