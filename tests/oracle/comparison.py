"""Two verdicts on one document, and why they differ.

Where one validator refuses what the other accepts, every error of the one that refuses must be explained: a class of
explained differences says which errors it is about, why the verdicts differ, and which sentence says so. What no class
explains fails the run. The classes are data: differences.yaml.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import yaml

from tests.oracle.corpus import Document
from tests.oracle.verdict import Said, Verdict

Refuses = Literal["sandbox", "HAPI"]
CLASSES = Path(__file__).with_name("differences.yaml")


@dataclass(frozen=True, slots=True)
class Difference:
    """A class of explained differences: errors of the validator that refuses, by patterns of what they say.

    Attributes:
        id: what it is about, in a few words; a row of the table.
        refuses: who refuses the documents of this class.
        message: a regular expression, found in the message of an error.
        location: one for its location; empty for any.
        document: one for the text of the document; empty for any.
        profile: `registry` or `base`, if it is about documents that are validated by that alone.
        why: why the verdicts differ.
        source: the sentence of a standard, or of the contract, that decides.
    """

    id: str
    refuses: Refuses
    message: str
    why: str
    source: str
    location: str = ""
    document: str = ""
    profile: str = ""

    def explains(self, error: Said, document: Document) -> bool:
        """True if an error against a document is of this class."""
        return (
            self.profile in {"", document.profile}
            and re.search(self.message, error.message) is not None
            and re.search(self.location, error.location) is not None
            and (not self.document or re.search(self.document, document.text) is not None)
        )


class BadClass(Exception):
    """A class in differences.yaml cannot be used; the message names it."""


def load(file: Path = CLASSES) -> list[Difference]:
    """Read the classes.

    Raises:
        BadClass: one lacks a field, has an unknown one or a bad pattern, or two have one id.
    """
    entries: list[dict[str, Any]] = yaml.safe_load(file.read_text("utf-8"))
    classes = [_difference(entry) for entry in entries]
    twice = [name for name, count in Counter(each.id for each in classes).items() if count > 1]
    if twice:
        raise BadClass(f"{file.name}: two classes have the id {twice[0]!r}")
    return classes


def _difference(entry: dict[str, Any]) -> Difference:
    try:
        made = Difference(**entry)
        for pattern in (made.message, made.location, made.document):
            re.compile(pattern)
    except (TypeError, re.error) as error:
        raise BadClass(f"the class {entry.get('id')!r}: {error}") from error
    if made.refuses not in {"sandbox", "HAPI"}:
        raise BadClass(f"the class {made.id!r} has refuses: {made.refuses!r}; expected sandbox or HAPI")
    if not (made.message and made.why and made.source):
        raise BadClass(f"the class {made.id!r} has an empty message, why or source")
    return made


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A document on which the verdicts differ, with both, and the errors that nobody has explained."""

    document: Document
    sandbox: Verdict
    hapi: Verdict
    unexplained: tuple[Said, ...]

    def __str__(self) -> str:
        """Write the document and both verdicts."""
        made = ", ".join((self.document.shape, *self.document.damages))
        lines = [f"--- {self.document.format}, by {self.document.profile}: {made}", self.document.text]
        for name, verdict in (("sandbox", self.sandbox), ("HAPI", self.hapi)):
            lines += [f"{name}: {verdict.outcome}", *(f"    {said}" for said in verdict.findings)]
        return "\n".join([*lines, *(f"not explained: {said}" for said in self.unexplained)])


@dataclass
class Comparison:
    """What a run has found: how often which verdicts met, and how often which class explained a difference."""

    classes: list[Difference]
    met: Counter[tuple[str, str]] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[Disagreement] = field(default_factory=list)

    @classmethod
    def by_the_shipped_classes(cls) -> Self:
        """Return an empty one, by differences.yaml."""
        return cls(load())

    @property
    def documents(self) -> int:
        """Count the documents that were compared."""
        return self.met.total()

    def add(self, document: Document, sandbox: Verdict, hapi: Verdict) -> None:
        """Count a document."""
        self.met[sandbox.outcome, hapi.outcome] += 1
        if sandbox.accepts == hapi.accepts:
            return
        refuses: Refuses = "HAPI" if sandbox.accepts else "sandbox"
        errors = hapi.errors() if sandbox.accepts else sandbox.errors()
        found = {error: self._class_of(error, document, refuses) for error in errors}
        unexplained = tuple(error for error, name in found.items() if name is None)
        if unexplained or not found:
            self.unexplained.append(Disagreement(document, sandbox, hapi, unexplained))
        else:
            self.explained.update({name for name in found.values() if name is not None})

    def _class_of(self, error: Said, document: Document, refuses: Refuses) -> str | None:
        fitting = (each.id for each in self.classes if each.refuses == refuses and each.explains(error, document))
        return next(fitting, None)

    def table(self) -> str:
        """Return what was found, in Markdown: the verdicts, and the classes that were met."""
        return f"{self._verdicts()}\n\n{self._differences()}"

    def _verdicts(self) -> str:
        outcomes = ("accepted", "refused", "failed")
        rows = [
            f"| {name} | " + " | ".join(str(self.met[outcome, hapi]) for hapi in outcomes) + " |"
            for name, outcome in (("accepts", "accepted"), ("refuses with 422", "422"), ("refuses with 400", "400"))
        ]
        return "\n".join(["| the sandbox | HAPI accepts | HAPI refuses | HAPI fails |", "|---|---|---|---|", *rows])

    def _differences(self) -> str:
        rows = [
            f"| {each.id} | {each.refuses} | {self.explained[each.id]} | {_cell(each.why)} | {_cell(each.source)} |"
            for each in self.classes
            if self.explained[each.id]
        ]
        heading = "| what they differ on | refused by | documents | why | who says so |"
        last = f"| not explained | | {len(self.unexplained)} | | |"
        return "\n".join([heading, "|---|---|---|---|---|", *rows, last])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
