"""Findings that are known and accepted: a YAML file lists them, and they do not count any more.

- rule: a-retry-waits                # the id of the rule
  client: legacy-client              # optional; without it, of any client
  appointment: 1a2b                  # optional; without it, of any appointment
  because: issue 42                  # optional; reports show it
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from registry_sandbox.verdict.acceptance import UnknownRule, require_known
from registry_sandbox.verdict.finding import Finding
from registry_sandbox.verdict.report import Accepted, Report

_KEYS: Final = ("rule", "client", "appointment", "because")


class BadExpectations(Exception):
    """A file of expected findings cannot be used; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """An entry of the file.

    Attributes:
        place: the file and the line.
        rule: the id of the rule.
        client: whose finding; None for anybody's.
        appointment: about which appointment; None for any.
        because: why it is accepted.
    """

    place: str
    rule: str
    client: str | None = None
    appointment: str | None = None
    because: str = ""

    def fits(self, finding: Finding) -> bool:
        """Return whether a finding is the one that is expected. What is inconclusive is never expected."""
        return (
            finding.grade != "inconclusive"
            and self.rule == finding.rule
            and self.client in (None, finding.client)
            and self.appointment in (None, finding.appointment)
        )

    def __str__(self) -> str:
        about = [
            f"{name} {value}" for name, value in (("client", self.client), ("appointment", self.appointment)) if value
        ]
        return f"{self.place}: {', '.join([self.rule, *about])}"


def accepting(report: Report, expectations: Sequence[Expectation]) -> Report:
    """Return a report in which the findings that are expected are accepted.

    Raises:
        BadExpectations: an entry names a rule that does not exist.
    """
    for each in expectations:
        try:
            require_known(report, [each.rule])
        except UnknownRule as error:
            raise BadExpectations(f"{each.place}: {error}") from error
    found = [(finding, _first(expectations, finding)) for finding in report.findings]
    accepted = tuple(Accepted(finding, fitting.because) for finding, fitting in found if fitting is not None)
    left = tuple(finding for finding, fitting in found if fitting is None)
    return replace(report, findings=left, accepted=(*report.accepted, *accepted))


def gone(report: Report, expectations: Iterable[Expectation]) -> list[Expectation]:
    """Return the entries that fit no accepted finding: what they expected no longer occurs."""
    return [each for each in expectations if not any(each.fits(one.finding) for one in report.accepted)]


def _first(expectations: Iterable[Expectation], finding: Finding) -> Expectation | None:
    return next((each for each in expectations if each.fits(finding)), None)


def read_expectations(file: Path) -> list[Expectation]:
    """Read a file of expected findings.

    Raises:
        BadExpectations: it cannot be read, or is no list of entries; the message names the line.
    """
    import yaml  # only where there is such a file: 40 ms

    try:
        # This loader reads every scalar as text; the one in Python refuses what is nested too deeply by an exception.
        root = yaml.compose(file.read_bytes(), Loader=yaml.BaseLoader)
    except OSError as error:
        raise BadExpectations(f"{file}: {error.strerror}") from error
    except RecursionError as error:
        raise BadExpectations(f"{file}: nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        raise BadExpectations(f"{file}: not YAML: {' '.join(str(error).split())}") from error
    return [] if root is None else list(_entries(file, root))


def _entries(file: Path, root: Any) -> Iterator[Expectation]:
    if root.id != "sequence":
        raise BadExpectations(f"{_place(file, root)}: expected a list of entries such as `- rule: a-retry-waits`")
    for node in root.value:
        yield _entry(file, node)


def _entry(file: Path, node: Any) -> Expectation:
    place = _place(file, node)
    if node.id != "mapping":
        raise BadExpectations(f"{place}: expected an entry such as `- rule: a-retry-waits`")
    members: dict[str, str] = {}
    for key, value in node.value:
        members[_known(file, key, members)] = _text(file, key, value)
    if "rule" not in members:
        raise BadExpectations(f"{place}: the entry has no 'rule'; expected the id of one")
    return Expectation(place, **members)


def _known(file: Path, key: Any, before: Iterable[str]) -> str:
    name = str(key.value)[:40]
    if name not in _KEYS:
        nearest = get_close_matches(name, _KEYS, n=1)
        expected = f"did you mean {nearest[0]}?" if nearest else f"expected {', '.join(_KEYS)}"
        raise BadExpectations(f"{_place(file, key)}: '{name}' is not known here; {expected}")
    if name in before:
        raise BadExpectations(f"{_place(file, key)}: '{name}' is repeated")
    return name


def _text(file: Path, key: Any, value: Any) -> str:
    if value.id != "scalar" or not value.value.strip():
        raise BadExpectations(f"{_place(file, value)}: {key.value} has no text; expected one plain value")
    return str(value.value)


def _place(file: Path, node: Any) -> str:
    return f"{file}, line {node.start_mark.line + 1}"
