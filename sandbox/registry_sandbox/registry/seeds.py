"""Seeds: the appointments that a registry holds at the start.

A seed is an Appointment (or a Bundle of them) in XML or JSON, or a story in YAML: a few facts of an appointment. Its
instants are absolute or relative to the clock (`+3d 09:30`, `-2h`). docs/seeds.md shows both.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from registry_sandbox.fhir.resource import Format
from registry_sandbox.reading.yaml_reader import NotYaml, read_yaml

_SUFFIXES: dict[str, Literal["xml", "json", "yaml"]] = {
    ".xml": "xml",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
}
_STORY = {"id", "patient", "name", "pointer", "status", "created", "start", "end", "later"}
_NEEDED = ("patient", "pointer", "start", "end")
_LATER = {"at", "status"}


class BadSeed(Exception):
    """A seed cannot be used; the message names the file, the place and what was expected."""


@dataclass(frozen=True, slots=True)
class Seed:
    """One seed: a document as it was written, or a story.

    Attributes:
        place: names it in messages.
        document: as it was written.
        format: of the document.
        story: the facts of a story.
        lines: of the story's keys, where it is in YAML.
    """

    place: str
    document: bytes = b""
    format: Format = "json"
    story: Mapping[str, Any] | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    def place_of(self, key: str) -> str:
        """Return the place of one key of a story; of a key that it does not have, that of the story."""
        line = self.lines.get(key) or self.lines.get("")
        return self.place if line is None else f"{self.place}, line {line}"


def seeds_at(paths: Iterable[Path]) -> list[Seed]:
    """Return the seeds in files and folders, in the order of the files' names.

    Raises:
        BadSeed: a path does not exist, or a file cannot be used.
    """
    return [seed for path in paths for file in _files(path) for seed in _seeds_of(file)]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES)
        if not found:
            raise BadSeed(f"{path}: there is no {', '.join(_SUFFIXES)} file in it; --no-seed-data starts without any")
        return found
    if not path.is_file():
        raise BadSeed(f"{path}: there is no such file or folder")
    return [path]


def _seeds_of(file: Path) -> Iterator[Seed]:
    kind = _SUFFIXES.get(file.suffix)
    if kind is None:
        raise BadSeed(f"{file}: seeds are .xml, .json, .yaml or .yml files")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadSeed(f"{file}: {error.strerror}") from error
    if kind == "yaml":
        yield from _stories(str(file), content)
    else:
        yield Seed(str(file), content, kind)


def _stories(file: str, content: bytes) -> Iterator[Seed]:
    try:
        # As text, an instant stays as it was written, and a number keeps its zeros.
        documents = read_yaml(content, as_text=True)
    except NotYaml as error:
        raise BadSeed(f"{file}, {error}") from error
    for each in documents:
        if each.value != "":
            yield _required(Seed(file, story=each.value, lines=each.lines))


def seeds_in(place: str, body: bytes) -> list[Seed]:
    """Return the seeds in a body: a resource in XML or JSON, a story or a list of them in JSON, or stories in YAML.

    The first character tells the formats apart, because tools send any Content-Type.

    Raises:
        BadSeed: the body is none of these.
    """
    match body.lstrip()[:1]:
        case b"<":
            return [Seed(place, body, "xml")]
        case b"{" | b"[":
            return _seeds_in_json(place, body)
        case b"":
            raise BadSeed(f"{place}: there is nothing in it; expected an appointment or a story")
    return list(_stories(place, body))


def seeds_of_values(place: str, values: Sequence[Mapping[str, Any]]) -> list[Seed]:
    """Return the seeds that values stand for: whole Appointments, and stories, whose plain values may be numbers.

    Raises:
        BadSeed: one is neither; the message names its place.
    """
    return [_seed_of_value(f"{place}[{at}]", each) for at, each in enumerate(values)]


def _seed_of_value(place: str, value: Mapping[str, Any]) -> Seed:
    if "resourceType" in value:
        return Seed(place, json.dumps(value).encode())
    story = {key: str(told) if isinstance(told, int | float) else told for key, told in value.items()}
    return _required(Seed(place, story=story))


def _seeds_in_json(place: str, body: bytes) -> list[Seed]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadSeed(f"{place}: no JSON: {error}") from error
    if isinstance(value, dict) and "resourceType" in value:
        return [Seed(place, body)]
    stories = value if isinstance(value, list) else [value]
    return [_required(Seed(f"{place}[{at}]", story=each)) for at, each in enumerate(stories)]


def _required(seed: Seed) -> Seed:
    """Return a seed whose story has what a story must have, and nothing else.

    Raises:
        BadSeed: it is no such story.
    """
    value = seed.story
    if not isinstance(value, dict):
        raise BadSeed(f"{seed.place_of('')}: a story is a mapping of {', '.join(sorted(_STORY))}")
    for key in value:
        if key not in _STORY:
            raise BadSeed(f"{seed.place_of(key)}: '{key}' is not known; expected {', '.join(sorted(_STORY))}")
    for key in _NEEDED:
        if key not in value:
            raise BadSeed(f"{seed.place_of('')}: '{key}' is missing")
    for key, told in value.items():
        if key != "later" and isinstance(told, dict | list):
            raise BadSeed(f"{seed.place_of(key)}: '{key}' is a mapping or a list; expected one plain value")
    later = value.get("later", [])
    wrong = [at for at, each in enumerate(later) if not _is_step(each)] if isinstance(later, list) else [0]
    if wrong:
        place = seed.place_of(f"later[{wrong[0]}]" if isinstance(later, list) else "later")
        raise BadSeed(f"{place}: 'later' is a list of {{at: ..., status: ...}}, with nothing else in them")
    return seed


def story_schema() -> dict[str, Any]:
    """Return the JSON Schema of a story. A reader of YAML makes numbers of some texts, so any scalar is allowed."""
    plain = {"type": ["string", "number", "boolean"]}
    step = {
        "type": "object",
        "properties": dict.fromkeys(sorted(_LATER), plain),
        "required": sorted(_LATER),
        "additionalProperties": False,
    }
    properties = dict.fromkeys(sorted(_STORY - {"later"}), plain) | {"later": {"type": "array", "items": step}}
    return {"type": "object", "properties": properties, "required": list(_NEEDED), "additionalProperties": False}


def _is_step(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == _LATER
        and not any(isinstance(told, dict | list) for told in value.values())
    )
