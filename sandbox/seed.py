"""Seeds: appointments to start with, loaded through the same reading and profiles that a client's request meets.

A seed is an Appointment (or a Bundle of them) in XML or JSON, or a story in YAML: the few facts of an appointment, with
instants absolute or relative to the clock (`+3d 09:30`, `-2h`). docs/seeds.md shows both.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sandbox.errors import SandboxError
from sandbox.exchange import Format, Resource
from sandbox.fhir.datatypes import instant, write_instant
from sandbox.fhir.nhs_number import NHS_NUMBER_SYSTEM
from sandbox.registrar import Registrar, recorded
from sandbox.registry import Version
from sandbox.validation.reading import Reading, Refused

_SUFFIXES: dict[str, Literal["xml", "json", "yaml"]] = {
    ".xml": "xml",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
}
_RELATIVE = re.compile(r"([+-]\d{1,6})([dhm])(?: (\d\d):(\d\d))?", re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_STORY = {"id", "patient", "name", "pointer", "status", "created", "start", "end", "later"}
_NEEDED = ("patient", "pointer", "start", "end")
_LATER = {"at", "status"}
_LOGICAL_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_CARECONNECT = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"


class BadSeed(Exception):
    """A seed cannot be used; the message names the file, the place and what was expected."""


@dataclass(frozen=True, slots=True)
class Seed:
    """One appointment to start with: a document as it was written, or a story; `place` is how messages call it."""

    place: str
    document: bytes = b""
    format: Format = "json"
    story: Mapping[str, Any] | None = None


def shipped_seeds() -> Path:
    """Give the folder of the shipped seeds: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "seed_data"
    return installed if installed.is_dir() else package.parent / "seed_data"


def seeds_at(paths: Iterable[Path]) -> list[Seed]:
    """Find the seeds of files and folders, in the order of their names.

    Raises:
        BadSeed: a path does not exist, or a file is none that can be read.
    """
    return [seed for path in paths for file in _files(path) for seed in _seeds_of(file)]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES)
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
        yield from _stories(file, content)
    else:
        yield Seed(str(file), content, kind)


def _stories(file: Path, content: bytes) -> Iterator[Seed]:
    import yaml  # only where a seed is a story: 40 ms

    try:
        # BaseLoader makes texts of everything: an instant stays as it was written, and a number keeps its zeros.
        documents = [each for each in yaml.load_all(content, Loader=yaml.BaseLoader) if each != ""]
    except RecursionError as error:
        raise BadSeed(f"{file}: nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        raise BadSeed(f"{file}: no YAML: {' '.join(str(error).split())}") from error
    for at, document in enumerate(documents, 1):
        place = f"{file}, document {at}" if len(documents) > 1 else str(file)
        yield Seed(place, story=_require_story(place, document))


def seeds_from_json(place: str, body: bytes) -> list[Seed]:
    """Give the seeds in a JSON body: a resource, a story, or a list of stories.

    Raises:
        BadSeed: it is none of these.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadSeed(f"{place}: no JSON: {error}") from error
    if isinstance(value, dict) and "resourceType" in value:
        return [Seed(place, body)]
    stories = value if isinstance(value, list) else [value]
    return [Seed(f"{place}[{at}]", story=_require_story(f"{place}[{at}]", each)) for at, each in enumerate(stories)]


def _require_story(place: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadSeed(f"{place}: a story is a mapping of {', '.join(sorted(_STORY))}")
    for key in value:
        if key not in _STORY:
            raise BadSeed(f"{place}: '{key}' is not known; expected {', '.join(sorted(_STORY))}")
    for key in _NEEDED:
        if key not in value:
            raise BadSeed(f"{place}: '{key}' is missing")
    later = value.get("later", [])
    if not isinstance(later, list) or any(not isinstance(each, dict) or set(each) != _LATER for each in later):
        raise BadSeed(f"{place}: 'later' is a list of {{at: ..., status: ...}}")
    return value


def plant(registrar: Registrar, seeds: Iterable[Seed]) -> list[Version]:
    """Store seeds as their files say, all or none, and give the current version of each appointment.

    Raises:
        BadSeed: one cannot be read, does not conform, or has an id that is taken.
    """
    histories = [history for seed in seeds for history in _histories(registrar, seed)]
    taken = set(registrar.registry.ids())
    for place, logical_id, _ in histories:
        if logical_id in taken:
            raise BadSeed(f"{place}: the id '{logical_id}' is taken by another appointment")
        taken.add(logical_id)
    for _, logical_id, versions in histories:
        for number, (at, resource) in enumerate(versions):
            if number == 0:
                registrar.registry.create(resource, logical_id=logical_id, at=at)
            else:
                registrar.registry.update(logical_id, resource, expected=number, at=at)
    return [registrar.registry.current(logical_id) for _, logical_id, _ in histories]


_History = tuple[str, str, list[tuple[datetime, Resource]]]


def _histories(registrar: Registrar, seed: Seed) -> Iterator[_History]:
    now = registrar.now()
    if seed.story is not None:
        yield _history_of_story(registrar, seed.place, seed.story, now)
        return
    reading = _read(registrar, seed.place, seed.document, seed.format, ("Appointment", "Bundle"))
    for resource in _appointments(seed.place, reading.resource):
        checked = _judged(registrar, seed.place, Reading(resource) if resource is not reading.resource else reading)
        at = _stamp(seed.place, checked.get("meta", {}).get("lastUpdated") or checked.get("created"), now)
        yield seed.place, checked.get("id") or registrar.new_id(), [(at, recorded(checked))]


def _appointments(place: str, resource: Resource) -> list[Resource]:
    if resource["resourceType"] == "Appointment":
        return [resource]
    inside = [entry.get("resource", {}) for entry in resource.get("entry", [])]
    for at, each in enumerate(inside):
        if each.get("resourceType") != "Appointment":
            raise BadSeed(f"{place}: entry {at + 1} of the Bundle is no Appointment")
    return inside


def _history_of_story(registrar: Registrar, place: str, story: Mapping[str, Any], now: datetime) -> _History:
    logical_id = story.get("id", None) or registrar.new_id()
    if not isinstance(logical_id, str) or not _LOGICAL_ID.fullmatch(logical_id):
        raise BadSeed(f"{place}: 'id' is {logical_id!r}; expected 1 to 64 letters, digits, hyphens and dots")
    told = {key: _when(place, key, story[key], now) for key in ("start", "end") if key in story}
    told["created"] = _when(place, "created", story.get("created", "-1d 12:00"), now)
    versions = []
    steps = [{"at": story.get("created", told["created"]), "status": story.get("status", "booked")}]
    for step in [*steps, *story.get("later", [])]:
        body = json.dumps(_appointment(story, told, step["status"])).encode()
        resource = _judged(registrar, place, _read(registrar, place, body, "json", ("Appointment",)))
        versions.append((_stamp(place, _when(place, "at", step["at"], now), now), recorded(resource)))
    return place, logical_id, versions


def _appointment(story: Mapping[str, Any], told: Mapping[str, str], status: Any) -> Resource:
    patient = {"use": "official", "system": NHS_NUMBER_SYSTEM, "value": story["patient"]}
    display = {"display": story["name"]} if "name" in story else {}
    return {
        "resourceType": "Appointment",
        "meta": {"profile": [_CARECONNECT]},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": story["pointer"]}],
        "status": status,
        "start": told["start"],
        "end": told["end"],
        "created": told["created"],
        "participant": [{"actor": {"identifier": patient, **display}, "status": "accepted"}],
    }


def _when(place: str, key: str, sent: Any, now: datetime) -> str:
    """Give an instant as it is written; a relative one is counted from the clock, to the minute."""
    match = _RELATIVE.fullmatch(str(sent))
    if match is None:
        return str(sent)
    amount, unit, hour, minute = match.groups()
    try:
        moment = now + timedelta(**{_UNITS[unit]: int(amount)})
        if hour is not None:
            moment = moment.replace(hour=int(hour), minute=int(minute))
    except (ValueError, OverflowError) as error:
        raise BadSeed(f"{place}: '{key}' is {sent!r}; expected such as +3d 09:30") from error
    return write_instant(moment.replace(second=0, microsecond=0))


def _stamp(place: str, written: str | None, now: datetime) -> datetime:
    """Give the instant that a version was stored at; an HTTP date has no other years than 1 to 9999, in UTC."""
    if written is None:
        return now
    try:
        whole_s, fraction = instant(written)
        since = timedelta(days=-1, seconds=whole_s, milliseconds=int(f"{fraction:0<3.3}"))
        return datetime(1, 1, 1, tzinfo=UTC) + since
    except (ValueError, OverflowError) as error:
        raise BadSeed(f"{place}: {written[:40]!r} is no instant that a version can be stored at") from error


def _read(registrar: Registrar, place: str, body: bytes, body_format: Format, expected: tuple[str, ...]) -> Reading:
    try:
        return registrar.codec.read(body, body_format, expected)
    except Refused as refused:
        raise _bad(place, refused.explained()) from None
    except SandboxError as error:
        raise _bad(place, error) from error


def _judged(registrar: Registrar, place: str, reading: Reading) -> Resource:
    try:
        registrar.require_conformance(reading)
    except SandboxError as error:
        raise _bad(place, error) from error
    return reading.resource


def _bad(place: str, error: SandboxError) -> BadSeed:
    lines = [f"{place}{f':{each.line}' if each.line else ''}: {each.message}" for each in error.findings]
    return BadSeed("\n".join(lines))
