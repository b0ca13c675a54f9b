"""Where in a JSON text something stands: line and column, from 1, found by one scan when somebody asks.

The text has been parsed before, so that it is known to be JSON.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]:,]|[^\s{}\[\]:,"]++', re.DOTALL)
_XPATH_STEP = re.compile(r"/(?:([fh]):|@)([A-Za-z]+)(?:\[([0-9]+)\])?")


class Position(NamedTuple):
    """A place in a text, counted from 1."""

    line: int
    column: int | None = None


class _Holder(NamedTuple):
    """An object or an array: where it begins (a member: where its name does), and what is in it."""

    start: int
    inside: dict[str | int, "_Node"]


_Node = _Holder | int
"""A value: for one with nothing inside, its beginning is enough."""


class JsonPositions:
    """The places of all values of a JSON text."""

    def __init__(self, body: bytes) -> None:
        self._text = body.decode()

    def of_path(self, steps: Iterable[str | int]) -> Position:
        """Return the position of what these names and indices lead to, or of the nearest thing around it."""
        node = self._root
        for step in steps:
            inner = node.inside.get(step) if isinstance(node, _Holder) else None
            if inner is None:
                break
            node = inner
        return self._position(_start(node))

    def of_xpath(self, xpath: str) -> Position | None:
        """Return the position of what an XPath into the XML of the resource names, or None if it is not there."""
        nodes, end = [self._root], 0
        for step in _XPATH_STEP.finditer(xpath):
            if step.start() != end:
                return None
            end = step.end()
            prefix, name, position = step.groups()
            # A resource is an element of its own, which JSON does not have; a narrative is one string.
            if not name[0].isupper() and (prefix != "h" or name == "div"):
                nodes = _inside(nodes, name, position)
        return self._position(_start(nodes[0])) if nodes and end == len(xpath) and end else None

    @cached_property
    def _root(self) -> _Node:
        return _scanned(self._text)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self._text))]

    def _position(self, at: int) -> Position:
        line = bisect_right(self._line_starts, at)
        return Position(line, at - self._line_starts[line - 1] + 1)


def _start(node: _Node) -> int:
    return node.start if isinstance(node, _Holder) else node


def _inside(nodes: list[_Node], name: str, position: str | None) -> list[_Node]:
    """Return the member of this name, and the one beside it that has the ids and extensions of a primitive."""
    found = [inner for key in (name, f"_{name}") for inner in _at(nodes, key)]
    return found if position is None else _at(found, int(position) - 1)


def _at(nodes: list[_Node], key: str | int) -> list[_Node]:
    return [node.inside[key] for node in nodes if isinstance(node, _Holder) and key in node.inside]


def _scanned(text: str) -> _Node:
    """Scan a text without recursion: it may be nested as deep as the parser allows."""
    root = holder = _Holder(0, {})
    outer: list[tuple[_Holder, bool, str | int]] = []
    is_object, named_at, key = False, -1, ""
    for token in _TOKEN.finditer(text):
        start = token.start()
        first = text[start]
        if first in "}]":
            closed, (holder, is_object, at) = holder, outer.pop()
            if not closed.inside:  # very many that are kept would take long to free, which holds up all threads
                holder.inside[at] = closed.start
        elif first in ":,":
            continue
        elif is_object and named_at < 0:
            name = token[0]
            key, named_at = json.loads(name) if "\\" in name else name[1:-1], start
        else:
            begin = start if named_at < 0 else named_at
            inner: _Node = _Holder(begin, {}) if first in "{[" else begin
            at = key if is_object else len(holder.inside)
            holder.inside[at] = inner
            if isinstance(inner, _Holder):
                outer.append((holder, is_object, at))
                holder, is_object = inner, first == "{"
            named_at = -1
    return root.inside[0]
