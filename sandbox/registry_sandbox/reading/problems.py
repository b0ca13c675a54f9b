"""What is structurally wrong with a body: each problem with its place, and how a place is written.

A reader notes a problem where it meets it, without knowing where it stands. On the way back up, each element that has
been read adds its step to the problems inside it. A body without problems pays nothing for places.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from registry_sandbox.fhir.finding import MOST_FINDINGS, Finding, left_out
from registry_sandbox.fhir.json import quoted, shortened

SOURCE = "FHIR STU3"

_LONGEST_NAME = 80


class PathOnly(str):
    """A step that only the path has: an attribute, or an element whose XPath is written in another way."""

    __slots__ = ()


class XPathOnly(str):
    """A step that only the XPath has, written as it stands there: `f:Patient` in `contained`."""

    __slots__ = ()


Step = str | int
"""A member's name, an index from 0, or one of the two classes above."""


@dataclass(slots=True)
class Problem:
    """One thing that is wrong.

    `steps` lead from the problem up to the root. A `subject` that has no name in the path is told as `subject in path`,
    or without the path if `is_known` says that the subject tells enough.
    """

    message: str
    line: int | None = None
    subject: str = ""
    is_known: bool = False
    steps: list[Step] = field(default_factory=list)

    def path(self, *, indices: bool) -> str:
        """Return the place as people write it: `Appointment.participant[0].actor`, or without indices."""
        parts: list[str] = []
        for step in reversed(self.steps):
            if isinstance(step, int):
                parts[-1] += f"[{step}]" if indices else ""
            elif not isinstance(step, XPathOnly):
                parts.append(_legible(step if indices else step.removeprefix("_")))
        return ".".join(parts)

    def xpath(self) -> str:
        """Return the place as XPath: `/f:Appointment/f:participant[1]/f:actor`."""
        parts: list[str] = []
        for step in reversed(self.steps):
            if isinstance(step, int):
                parts[-1] += f"[{step + 1}]"
            elif isinstance(step, XPathOnly):
                parts.append(f"/{step}")
            elif not isinstance(step, PathOnly):
                # The narrative's div is the one element of another namespace.
                parts.append(f"/{'h' if step == 'div' else 'f'}:{step.removeprefix('_')}")
        return "".join(parts)

    def told(self) -> str:
        """Return what is wrong, for one who knows the path already."""
        return f"{self.subject} {self.message}" if self.subject else self.message

    def finding(self, *, indices: bool, line: int | None = None, column: int | None = None) -> Finding:
        """Return it as a finding; a path with indices is JSON's."""
        path = self.path(indices=indices)
        if self.subject:
            path = self.subject if self.is_known else f"{self.subject} in {path}"
        return Finding(
            "structure",
            f"{path} {self.message}",
            self.xpath(),
            line=line if line is not None else self.line,
            source=SOURCE,
            column=column,
        )


class Problems(list[Problem]):
    """The problems of one body, in the order of the document: the first hundred; `more` counts the others.

    `explain` allows what takes long: to say what is wrong with a narrative.
    """

    __slots__ = ("_explained", "explain", "more")

    def __init__(self, *, explain: bool = True) -> None:
        self.explain = explain
        self.more = 0
        self._explained = 0

    def allows(self, size: int, most: int) -> bool:
        """True if something of this size may still be explained; all of it together may have the size `most`."""
        self._explained += size
        return self._explained <= most and len(self) < MOST_FINDINGS

    def note(self, say: Callable[..., str], *args: object, at: Step | None = None, line: int | None = None) -> None:
        """Keep a problem, or count it; words are made only for one that is kept."""
        if len(self) < MOST_FINDINGS:
            self.append(Problem(say(*args), line, steps=[] if at is None else [at]))
        else:
            self.more += 1

    def note_before(self, first: int, message: str, line: int | None) -> None:
        """Keep a problem of what holds the problems from `first` on, or count it."""
        if len(self) < MOST_FINDINGS:
            self.insert(first, Problem(message, line))
        else:
            self.more += 1

    def count_beyond(self) -> bool:
        """True, and count a problem, if no more are kept; the caller then need not word it."""
        if len(self) < MOST_FINDINGS:
            return False
        self.more += 1
        return True

    def number(self) -> int:
        """Count all problems, those that are not kept too."""
        return len(self) + self.more

    def inside(self, first: int, step: Step) -> None:
        """Add a step to the problems from `first` on, which were found inside it."""
        for problem in self[first:]:
            problem.steps.append(step)

    def rest(self) -> list[Finding]:
        """Return the finding that tells how many problems are not listed, if there are any."""
        return [left_out(self.more, code="structure")] if self.more else []


def _legible(name: str) -> str:
    return name if name.isidentifier() and len(name) <= _LONGEST_NAME else quoted(shortened(name))
