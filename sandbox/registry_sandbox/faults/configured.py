"""The faults that a sandbox starts with: from flags and the environment, from a file, and the sentinels."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from registry_sandbox import shipped
from registry_sandbox.faults.fields import BadFault, shown
from registry_sandbox.faults.live_rule import Source
from registry_sandbox.faults.rule import Rule, read_rule
from registry_sandbox.faults.rule_set import read_rules
from registry_sandbox.faults.sentinels import sentinel_rules
from registry_sandbox.reading.yaml_reader import Document, NotYaml, read_yaml


def configured(
    flags: Sequence[str], file: Path | None, *, sentinels: bool, vary: bool = False
) -> list[tuple[Source, Sequence[Rule]]]:
    """Return the rules to start with, by source.

    Raises:
        BadFault: a flag or the file cannot be used; the message names the place.
    """
    of_flags = read_rules([_of_flag(each) for each in flags], "--fault", "flag")
    of_file = _of_file(file) if file is not None else []
    of_sentinels = sentinel_rules() if sentinels else ()
    of_settings = [read_rule({"then": {"vary": True}}, "--vary", "vary")] if vary else []
    require_one_id_each([*of_flags, *of_file, *of_sentinels, *of_settings])
    return [("flag", of_flags), ("file", of_file), ("sentinel", of_sentinels), ("setting", of_settings)]


def _of_flag(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFault(f"--fault {shown(text)}: not JSON: {error}") from None


def _of_file(given: Path) -> list[Rule]:
    file = _scenario(given) or given
    try:
        content = file.read_bytes()
    except OSError as error:
        shipped_ones = ", ".join(sorted(each.stem for each in shipped("scenarios").glob("*.yaml")))
        raise BadFault(f"{file}: {error.strerror}; expected a file, or one of {shipped_ones}") from error
    read = _parsed(file, content)
    try:
        return _rules(read.value)
    except BadFault as error:
        # A parser of JSON knows no lines once the text is read.
        line = f", line {read.line(str(error))}" if read.lines else ""
        raise BadFault(f"{file}{line}: {error}") from error


def _rules(value: Any) -> list[Rule]:
    if isinstance(value, dict) and set(value) == {"faults"}:
        return read_rules(value["faults"], "faults", "file")
    if isinstance(value, list):
        return read_rules(value, "", "file")
    raise BadFault("expected a list of rules, or a mapping with the single key 'faults'")


def _scenario(given: Path) -> Path | None:
    """Return the shipped file of a scenario's bare name, such as `brown-out`; a file of that name comes first."""
    if (given.exists() and not given.is_dir()) or given.name != str(given):
        return None
    file = shipped("scenarios") / f"{given.name}.yaml"
    return file if file.is_file() else None


def _parsed(file: Path, content: bytes) -> Document:
    try:
        if file.suffix == ".json":
            return Document(json.loads(content), {})
        documents = read_yaml(content)
    except RecursionError as error:
        raise BadFault(f"{file}: nested too deeply") from error
    except ValueError as error:
        raise BadFault(f"{file}: not JSON: {error}") from error
    except NotYaml as error:
        raise BadFault(f"{file}, {error}") from error
    return documents[0] if len(documents) == 1 else Document(None, {"": 1})


def require_one_id_each(rules: Iterable[Rule]) -> None:
    """Refuse two rules of the start that have the same id.

    Raises:
        BadFault: naming the id.
    """
    seen: set[str] = set()
    for each in rules:
        if each.id in seen:
            raise BadFault(f"two rules have the id '{each.id}'; expected each id once in flags, file and sentinels")
        seen.add(each.id)
