"""A scenario: what the client shall do, what goes wrong on the way, and how things must stand in the end.

The dataclasses are the declaration: the strict reader and the JSON Schema (docs/scenario.schema.json) follow from them.
Source: docs/exam.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from registry_sandbox.faults.fields import BadFault, object_schema, read_object
from registry_sandbox.faults.kinds import Seconds
from registry_sandbox.faults.rule import Rule
from registry_sandbox.faults.rule_set import read_rules
from registry_sandbox.registry.seeds import BadSeed, Seed, seeds_of_values
from registry_sandbox.verdict.exam.kinds import (
    PLACEHOLDER,
    VERBS,
    Faults,
    Key,
    Name,
    RuleId,
    Seeds,
    Sentence,
    Verb,
)

_PATIENT: Final = "9991000011"
_POINTERS: Final = "https://provider.example.test/appointments/"
_Status = Literal["booked", "cancelled", "entered-in-error"]
_RuleIds = tuple[Annotated[str, RuleId()], ...]


@dataclass(frozen=True, slots=True)
class ClockStep:
    """Between two operations the sandbox's clock is advanced by a time span."""

    advance: Seconds


@dataclass(frozen=True, slots=True)
class Expected:
    """How things must stand in the end.

    Attributes:
        versions: the statuses of the versions of an appointment, oldest first, by its logical id or its pointer.
            Whatever is not named must be as it was seeded.
        rules: the rules that must be exercised, and kept.
        may: rules that only some clients exercise.
        outcome: whether the client shall succeed, or say that it failed (by exit status 1, where a command is driven).
    """

    rules: _RuleIds = ()
    versions: Mapping[Annotated[str, Key()], tuple[_Status, ...]] | None = None
    may: _RuleIds = ()
    outcome: Literal["success", "failure"] = "success"


@dataclass(frozen=True)
class Scenario:
    """One task of an exam.

    Attributes:
        scenario: its name.
        client: what the client shall do: a sentence that begins with register, search, read or cancel; or a list of
            sentences, one after the other, with steps of the clock between them.
        expect: how things must stand in the end.
        about: what the scenario is for.
        seeds: what the registry holds at the start; by default one booked appointment of tomorrow, or none if the first
            sentence begins with register.
        faults: what goes wrong.
    """

    scenario: Name
    client: Annotated[str, Sentence()] | tuple[Annotated[str, Sentence()] | ClockStep, ...]
    expect: Expected
    about: str = ""
    seeds: Annotated[Sequence[Any], Seeds()] | None = None
    faults: Annotated[Sequence[Any], Faults()] = ()

    def __post_init__(self) -> None:
        """Read what stands inside, so that a mistake shows at once.

        Raises:
            ValueError: a fault or a seed cannot be used, or there is nothing to do.
        """
        ends = [self.steps[0], self.steps[-1]]
        if not all(isinstance(each, str) for each in ends):
            raise ValueError("client begins or ends with a step of the clock; expected a sentence there")
        _ = self.rules, self.seeded

    @property
    def name(self) -> str:
        """Its name as a part of URLs and options: lower case, hyphenated."""
        return "-".join(re.findall(r"[a-z0-9]+", self.scenario.lower().replace("'", "")))

    @property
    def steps(self) -> tuple[str | ClockStep, ...]:
        """What is to be done, in order."""
        return (self.client,) if isinstance(self.client, str) else self.client

    @cached_property
    def rules(self) -> Sequence[Rule]:
        """The faults.

        Raises:
            ValueError: one cannot be used.
        """
        try:
            return read_rules(list(self.faults), "faults", "exam")
        except BadFault as error:
            raise ValueError(str(error)) from None

    @cached_property
    def seeded(self) -> Sequence[Seed]:
        """The seeds.

        Raises:
            ValueError: one cannot be used.
        """
        try:
            return seeds_of_values("seeds", self._seeds())
        except BadSeed as error:
            raise ValueError(str(error)) from None

    def _seeds(self) -> Sequence[Mapping[str, Any]]:
        if self.seeds is not None:
            return self.seeds
        if str(self.steps[0]).startswith("register"):
            return ()
        pointer = f"{_POINTERS}{self.name}"
        return (
            {
                "id": self.name[:64].strip("-"),
                "patient": _PATIENT,
                "pointer": pointer,
                "start": "+1d 09:30",
                "end": "+1d 09:40",
            },
        )

    @cached_property
    def values(self) -> Mapping[str, str]:
        """What the placeholders stand for; empty where there is nothing of the kind, or not yet."""
        seeds = self._seeds()
        first = next(iter(seeds), {})
        ids = [*(str(each.get("id", "")) for each in seeds), "", ""]
        patient = _patient_of(first)
        if not seeds or any(str(each).startswith("register") for each in self.steps):
            return {"appointment": "", "another": "", "patient": patient, "pointer": f"{_POINTERS}{self.name}"}
        return {"appointment": ids[0], "another": ids[1], "patient": patient, "pointer": _pointer_of(first)}

    def filled(self, text: str, values: Mapping[str, str] | None = None) -> str:
        """Return a text with its placeholders replaced."""
        known = self.values if values is None else values
        return PLACEHOLDER.sub(lambda found: known[found[1]], text)


def _patient_of(seed: Mapping[str, Any]) -> str:
    participants = seed.get("participant", [{}])
    named = participants[0].get("actor", {}).get("identifier", {}).get("value", _PATIENT)
    return str(seed.get("patient", named))


def _pointer_of(seed: Mapping[str, Any]) -> str:
    return str(seed.get("pointer") or seed.get("identifier", [{}])[0].get("value", ""))


def read_scenario(value: Any, place: str = "scenario") -> Scenario:
    """Return the scenario of a JSON value.

    Raises:
        BadFault: it is none; the message names the place, what was found and what was expected.
    """
    scenario: Scenario = read_object(Scenario, value, place)
    return scenario


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file."""
    return object_schema(Scenario)


def verb_of(sentence: str) -> Verb:
    """Return the operation that a sentence begins with."""
    return next(each for each in VERBS if sentence.startswith(each))
