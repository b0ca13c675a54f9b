"""How a stencil is cut: which text of a body is which of its resource, and marks where the open ones stand."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.exchange import Format, Resource, Stamp, Write
from sandbox.registry import stamped
from sandbox.stencils.stencil import Document, Path, Stencil, at, picking
from sandbox.validation.openings import Opening

Record = Callable[[Resource], Resource]
"""Gives what is kept of a resource."""

MOST_HOLES = 200
_MARKS = tuple(map(chr, range(0xE000, 0xE000 + MOST_HOLES)))  # of private use: both formats write them as they are
_STAMPS = Stamp("\uf000", "\uf001", "\uf002")
_MARK = re.compile("[\ue000-\uf8ff]")
_FORMATS: tuple[Format, ...] = ("json", "xml")


class Hole(NamedTuple):
    """Where a text of a resource is open, and what is judged of it."""

    path: Path
    opening: Opening


def is_simple(resource: Resource) -> bool:
    """Tell whether a resource has texts, booleans and whole numbers alone, none with a mark, and no other inside it."""
    values = [value for _, value in _leaves(resource)]
    simple = all(type(value) in (str, bool, int) for value in values)
    marked = _MARK.search("".join(value for value in values if isinstance(value, str)))
    return simple and not marked and "contained" not in resource and "text" not in resource


def cut(resource: Resource, holes: Mapping[int, Hole], record: Record, write: Write) -> Stencil:
    """Make the stencil of a resource that is simple, with holes for the texts of these places in its body."""
    marked = json.loads(json.dumps(resource))
    for mark, (path, _) in zip(_MARKS, holes.values(), strict=False):
        at(marked, path[:-1])[path[-1]] = mark
    places = {mark: place for place, mark in enumerate((*_MARKS[: len(holes)], *_STAMPS))}
    kept = stamped(record(marked), _STAMPS)
    openings = [each.opening for each in holes.values()]
    return Stencil(
        picking(list(holes)),
        tuple((number, test) for number, opening in enumerate(openings) for test in opening.tests),
        tuple(dict.fromkeys(_checks(holes.values()))),
        _document(write(marked, "json"), places),
        {wanted: _document(write(kept, wanted), places) for wanted in _FORMATS},
    )


def _checks(holes: Iterable[Hole]) -> Iterator[tuple[Path, Any]]:
    for path, opening in holes:
        names = [place for place, step in enumerate(path) if isinstance(step, str)]
        for depth, holds in opening.checks:
            yield path[: names[depth]], holds


def _document(document: bytes, places: Mapping[str, int]) -> Document:
    text = document.decode().replace("%", "%%")
    return Document(picking([places[mark] for mark in _MARK.findall(text)]), _MARK.sub("%s", text))


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _leaves(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, value


def paths_of_texts(
    body_format: Format, body: bytes, resource: Resource, outline: str, texts: Sequence[str]
) -> Mapping[int, Path]:
    """Give the path of each text that is a value, by its place in the body; nothing where that is not plain to see."""
    values: list[tuple[Path, Any]]
    if body_format == "json":
        behind = outline.split('"')[1:]
        places = [place for place, each in enumerate(behind) if not each.lstrip(" \t\n\r").startswith(":")]
        values = [(path, value) for path, value in _leaves(json.loads(body)) if isinstance(value, str)]
    else:
        if not _is_plain(outline):
            return {}
        before = outline.split('"')[:-1]
        places = [place for place, each in enumerate(before) if each.endswith(" value=")]
        values = [(path, value) for path, value in _leaves(resource) if path[-1] not in ("url", "resourceType")]
    if [texts[place] for place in places] != [_in_xml(value) for _, value in values]:
        return {}
    paths = zip(places, values, strict=True)
    return {place: path for place, (path, value) in paths if isinstance(value, str)}


def _is_plain(outline: str) -> bool:
    """Tell whether XML says nothing but by elements, their values and URLs: no comment, no reference, no id."""
    before = outline.split('"')[:-1]
    return all(each.endswith(_DECLARED) for each in before) and not any(each in outline for each in ("'", "&", "<!"))


_DECLARED = ("<?xml version=", " encoding=", " xmlns=", " url=", " value=")


def _in_xml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
