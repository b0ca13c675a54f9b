"""Reads scenario files: strictly, and with the line of whatever is wrong."""

import re
from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

from registry_sandbox import shipped
from registry_sandbox.faults.fields import BadFault, UnknownKey
from registry_sandbox.reading.yaml_reader import NotYaml, read_yaml
from registry_sandbox.verdict.exam.scenario import Scenario, read_scenario

_SUFFIXES: Final = (".yaml", ".yml")
_ROOT: Final = "scenario"


class BadScenario(Exception):
    """A scenario cannot be used; the message names the file and the line, what was found and what was expected."""


def shipped_folder() -> Path:
    """Return the folder of the scenarios that come with the sandbox."""
    return shipped("scenarios") / "exam"


@cache
def shipped_scenarios() -> tuple[Scenario, ...]:
    """Return the scenarios that come with the sandbox, in the order of the files' names."""
    return tuple(scenario for scenario, _ in documents_at([shipped_folder()]))


def documents_at(paths: Sequence[Path]) -> list[tuple[Scenario, Any]]:
    """Return the scenarios in files and folders with what stands there, in the order of the files' names.

    Raises:
        BadScenario: a path does not exist, a file cannot be used, or two scenarios have one name.
    """
    read: dict[str, tuple[Path, Scenario, Any]] = {}
    for file in (each for path in paths for each in _files(path)):
        scenario, document = read_text(_content(file), str(file))
        if scenario.name in read:
            raise BadScenario(f"{file}: {read[scenario.name][0]} has the name '{scenario.scenario}' too; expected one")
        read[scenario.name] = file, scenario, document
    return [(scenario, document) for _, scenario, document in read.values()]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES)
        if not found:
            raise BadScenario(f"{path}: there is no {' or '.join(_SUFFIXES)} file in it; expected scenarios")
        return found
    if not path.is_file():
        raise BadScenario(f"{path}: there is no such file or folder")
    return [path]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadScenario(f"{file}: {error.strerror}") from error


def read_text(content: bytes, file: str) -> tuple[Scenario, Any]:
    """Return the scenario in a text, and the value that stands there; `file` names it in messages.

    Raises:
        BadScenario: the text is no scenario.
    """
    try:
        read, as_text = read_yaml(content), read_yaml(content, as_text=True)
    except NotYaml as error:
        raise BadScenario(f"{file}, {error}") from error
    if len(read) != 1:
        raise BadScenario(f"{file}: there are {len(read)} documents in it; expected one scenario")
    value = _as_written(read[0].value, as_text[0].value)
    try:
        return read_scenario(value, _ROOT), value
    except BadFault as error:
        about = re.sub(rf"^{_ROOT}(\.|: )", "", str(error))
        raise BadScenario(f"{file}, line {read[0].line(about)}: {about}{_nearest(error)}") from error


def _as_written(value: Any, text: Any) -> Any:
    """Return a value in which instants are the texts that they were: a reader of YAML makes dates of some."""
    if isinstance(value, date):
        return text
    if isinstance(value, dict):
        return {
            key: _as_written(each, written) for (key, each), written in zip(value.items(), text.values(), strict=True)
        }
    if isinstance(value, list):
        return [_as_written(each, written) for each, written in zip(value, text, strict=True)]
    return value


def _nearest(error: BadFault) -> str:
    if not isinstance(error, UnknownKey):
        return ""
    nearest = get_close_matches(error.key, error.known, n=1, cutoff=0.5)
    return f"; did you mean {nearest[0]}?" if nearest else ""
