"""Reads YAML and knows the line of every key, so that a message can name it.

A key that is there twice is refused: the loaders would take the last, and nobody would learn of the first.

Source: YAML 1.2.2; operator.md, Start (a bad setting, seed or fault is one clear line).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_DEEPEST: Final = 32
_PLACE: Final = re.compile(r"(?:[\w-]+|\[\d+\])(?:\.[\w-]+|\[\d+\])*")
_LAST: Final = re.compile(r"(^|\.)[\w-]+$|\[\d+\]$")
_KEY: Final = re.compile(r"""[^'"]*['"]([\w-]+)['"]""")


class NotYaml(Exception):
    """The text is not YAML that can be used; the message begins with the line, where one is known."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its value, and the line of every place in it, such as `faults[0].then`; `""` is the whole."""

    value: Any
    lines: Mapping[str, int]

    def line(self, said: str) -> int:
        """Return the line that a message is about.

        The message begins with a place, behind which it may quote a key of it. What the document does not have stands
        for what it is part of.
        """
        found = _PLACE.match(said)
        place = found[0] if found else ""
        key = _KEY.match(said[len(place) :])
        if key and (child := f"{place}.{key[1]}".lstrip(".")) in self.lines:
            return self.lines[child]
        while place not in self.lines:
            place = _LAST.sub("", place)
        return self.lines[place]


def read_yaml(content: bytes, *, as_text: bool = False) -> list[Document]:
    """Return the documents in a text; `as_text` leaves every scalar as it was written.

    Raises:
        NotYaml: it is not YAML, is nested too deeply, or has a key twice in one mapping.
    """
    import yaml  # only where there is such a file: 40 ms

    kind = "BaseLoader" if as_text else "SafeLoader"
    loader = getattr(yaml, f"C{kind}", getattr(yaml, kind))
    try:
        _require_shallow(yaml.parse(content, Loader=loader))
        return list(_documents(loader(content)))
    except yaml.reader.ReaderError as error:
        raise NotYaml(f"line {_line_at(content, error.position)}: not YAML: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = len(content.splitlines())  # the end of the text is told as the line behind it
        line = f"line {min(mark.line + 1, last)}: " if mark else ""
        raise NotYaml(f"{line}not YAML: {error.problem or error.context}") from error


def _documents(loader: Any) -> Iterator[Document]:
    try:
        while loader.check_node():
            node = loader.get_node()
            lines: dict[str, int] = {}
            _note(node, "", lines, set())
            yield Document(_constructed(loader, node), lines)
    finally:
        loader.dispose()


def _note(node: Any, place: str, lines: dict[str, int], seen: set[int]) -> None:
    """Note the lines of a node and of what is in it; what an alias repeats has the place where it stands first."""
    lines.setdefault(place, node.start_mark.line + 1)
    if id(node) in seen or isinstance(node.value, str):
        return
    seen.add(id(node))
    if node.id == "sequence":
        for at, each in enumerate(node.value):
            _note(each, f"{place}[{at}]", lines, seen)
        return
    keys: set[str] = set()
    for key, value in node.value:
        name = key.value if isinstance(key.value, str) else ""
        if name in keys:
            raise NotYaml(f"line {key.start_mark.line + 1}: the key '{name[:40]}' is repeated")
        keys.add(name)
        below = f"{place}.{name}" if place else name
        lines[below] = key.start_mark.line + 1
        _note(value, below, lines, seen)


def _constructed(loader: Any, node: Any) -> Any:
    try:
        return loader.construct_document(node)
    except ValueError as error:  # such as the 99th day of a month
        raise NotYaml(f"line {_culprit(loader, node)}: not YAML: {error}") from error


def _culprit(loader: Any, node: Any) -> int:
    """Return the line of the first scalar in a node that cannot be read."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each.value, str):
            try:
                type(loader)("").construct_object(each)
            except ValueError:
                return int(each.start_mark.line) + 1
        else:
            below = each.value if each.id == "sequence" else [part for pair in each.value for part in pair]
            waiting += reversed(below)
    return int(node.start_mark.line) + 1


def _require_shallow(events: Iterator[Any]) -> None:
    # The loaders call themselves for what is inside: the one in C would take the process with it.
    depth = 0
    for event in events:
        opens, closes = (type(event).__name__.endswith(end) for end in ("StartEvent", "EndEvent"))
        depth += opens - closes
        if depth > _DEEPEST:
            raise NotYaml(f"line {event.start_mark.line + 1}: nested too deeply")


def _line_at(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1
