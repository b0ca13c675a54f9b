"""Match: the exchanges that a rule is about. An absent key means any."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from multidict import CIMultiDictProxy

from registry_sandbox.api.interactions import declared
from registry_sandbox.faults.fields import shown
from registry_sandbox.faults.kinds import HeaderName, Text

FHIR_INTERACTIONS: Final = tuple(dict.fromkeys(each.code for each in declared()))
TOKEN: Final = "token"
ALIASES: Final = {"register": "create", "cancel": "update", "search": "search-type"}
WITH_ID: Final = frozenset(each.code for each in declared() if each.patient_in == "appointment")
WITH_PATIENT: Final = frozenset(each.code for each in declared() if each.patient_in)
WRITES: Final = frozenset(each.code for each in declared() if each.writes)


@dataclass(frozen=True, slots=True)
class InteractionName:
    """FHIR's code of an interaction, or its alias."""

    def read(self, value: Any) -> str:
        """Return the code."""
        code = ALIASES.get(value, value) if isinstance(value, str) else ""
        if code not in (*FHIR_INTERACTIONS, TOKEN):
            raise ValueError(f"{', '.join((*FHIR_INTERACTIONS, TOKEN))}, or {', '.join(ALIASES)}")
        return code

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"enum": [*FHIR_INTERACTIONS, TOKEN, *ALIASES]}


Interaction = Annotated[str, InteractionName()]
LogicalId = Annotated[str, Text(r"[A-Za-z0-9\-.]{1,64}", "a logical id: 1 to 64 letters, digits, hyphens and dots")]
NhsNumber = Annotated[str, Text(r"[0-9]{10}", "an NHS number, ten digits in quotes")]

ANY_VALUE: Final = "*"


@dataclass(frozen=True, slots=True)
class Match:
    """The conditions on an exchange; all that are given must fit.

    Without `interaction`, a rule is about every FHIR interaction but not about the token endpoint. `header` is a name,
    or names with values; the value `*` stands for any.
    """

    interaction: Interaction | tuple[Interaction, ...] | None = None
    id: LogicalId | None = None
    patient: NhsNumber | None = None
    client: str | None = None
    header: HeaderName | Mapping[HeaderName, str] | None = None

    def __post_init__(self) -> None:
        """Refuse conditions that no exchange can meet.

        Raises:
            ValueError: two keys exclude each other.
        """
        reachable = set(self.interactions)
        if self.id is not None and not reachable & WITH_ID:
            raise ValueError(
                f"id {shown(self.id)} can never match: the URL of {', '.join(self.interactions)} has no id"
            )
        if self.patient is not None and not reachable & WITH_PATIENT:
            raise ValueError(
                f"patient {shown(self.patient)} can never match: {', '.join(self.interactions)} names no patient"
            )

    @property
    def interactions(self) -> tuple[str, ...]:
        """The codes of the interactions that fit."""
        if self.interaction is None:
            return FHIR_INTERACTIONS
        return (self.interaction,) if isinstance(self.interaction, str) else self.interaction

    def fits(self, facts: "Facts") -> bool:
        """Return True if an exchange fits."""
        return all(fits for _, fits, _ in self._conditions(facts))

    def unmet(self, facts: "Facts") -> list[str]:
        """Return the keys that do not fit an exchange, in words: what was expected, and what was found."""
        return [f"match.{key}: found {shown(found)}" for key, fits, found in self._conditions(facts) if not fits]

    def _conditions(self, facts: "Facts") -> Iterator[tuple[str, bool, str]]:
        """Yield for each key whether an exchange fits, and what was found."""
        yield "interaction", facts.interaction in self.interactions, facts.interaction or "none"
        yield "id", self.id in (None, facts.logical_id), facts.logical_id or "none"
        yield "client", self.client in (None, facts.client), facts.client or "none"
        patients = ", ".join(facts.patients) or "none"
        yield "patient", self.patient is None or self.patient in facts.patients, patients
        # Whatever a header has may be a secret.
        yield "header", self.header is None or self._has_header(facts.headers), "another value, or none"

    def _has_header(self, headers: CIMultiDictProxy[str]) -> bool:
        if isinstance(self.header, str):
            return self.header in headers
        wanted = (self.header or {}).items()
        return all(
            value in headers.getall(name, ()) or (value == ANY_VALUE and name in headers) for name, value in wanted
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an exchange when the engine decides."""

    interaction: str
    logical_id: str
    client: str
    headers: CIMultiDictProxy[str]
    patients: tuple[str, ...] = ()
