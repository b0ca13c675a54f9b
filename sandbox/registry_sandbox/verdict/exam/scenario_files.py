"""Reads scenario files: strictly, and with the line of whatever is wrong."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

from registry_sandbox import shipped
from registry_sandbox.faults.fields import BadFault, UnknownKey
from registry_sandbox.verdict.exam.scenario import Scenario, read_scenario

_SUFFIXES: Final = (".yaml", ".yml")
_DEEPEST: Final = 32
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


def _content(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise BadScenario(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise BadScenario(f"{file}: this is not UTF-8") from error


def read_text(content: str, file: str) -> tuple[Scenario, Any]:
    """Return the scenario in a text, and the value that stands there; `file` names it in messages.

    Raises:
        BadScenario: the text is no scenario.
    """
    value, lines = _parsed(content, file)
    try:
        return read_scenario(value, _ROOT), value
    except BadFault as error:
        raise BadScenario(_located(error, lines, file)) from error


def _located(error: BadFault, lines: Mapping[str, int], file: str) -> str:
    message = str(error)
    place = error.at if isinstance(error, UnknownKey) else _place_in(message, lines)
    about = re.sub(rf"^{_ROOT}(\.|: )", "", message)
    hint = ""
    if isinstance(error, UnknownKey):
        nearest = get_close_matches(error.key, error.known, n=1, cutoff=0.5)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
    return f"{file}:{lines.get(place, 1)}: {about}{hint}"


def _place_in(message: str, lines: Mapping[str, int]) -> str:
    """Return the innermost place that a message names; what a scenario reads itself is named without its root."""
    full = message if message.startswith(f"{_ROOT}.") else f"{_ROOT}.{message.removeprefix(f'{_ROOT}: ')}"
    named = [each for each in lines if full.startswith(each) and not full[len(each) : len(each) + 1].isalnum()]
    return max(named, key=len, default=_ROOT)


def _parsed(content: str, file: str) -> tuple[Any, Mapping[str, int]]:
    """Return the value of a YAML text, and the line of every place in it."""
    import yaml  # only where there is such a file: 40 ms

    class Loader(yaml.SafeLoader):
        """Reads instants as the texts that they are."""

    Loader.yaml_implicit_resolvers = {
        first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    loader = Loader(content)
    try:
        node = loader.get_single_node()
        if node is None:
            raise BadScenario(f"{file}: there is nothing in it; expected a scenario")
        lines = dict(_lines(node, _ROOT, file, 0))
        return loader.construct_document(node), lines
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        raise BadScenario(f"{file}{line}: no YAML: {getattr(error, 'problem', None) or error}") from error
    except RecursionError as error:
        raise BadScenario(f"{file}: nested too deeply") from error
    finally:
        loader.dispose()


def _lines(node: Any, place: str, file: str, depth: int) -> Iterator[tuple[str, int]]:
    if depth > _DEEPEST:
        raise BadScenario(f"{file}:{node.start_mark.line + 1}: nested too deeply")
    yield place, node.start_mark.line + 1
    if node.id == "sequence":
        for at, each in enumerate(node.value):
            yield from _lines(each, f"{place}[{at}]", file, depth + 1)
    elif node.id == "mapping":
        known: set[str] = set()
        for key, value in node.value:
            if key.value in known:
                raise BadScenario(f"{file}:{key.start_mark.line + 1}: '{key.value}' is repeated; expected it once")
            known.add(key.value)
            yield from _lines(value, f"{place}.{key.value}", file, depth + 1)
            yield f"{place}.{key.value}", key.start_mark.line + 1
