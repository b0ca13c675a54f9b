"""XML in its plainest spelling, as most programs write it, read as a resource without a parser of XML.

The plainest is: elements alone, double quotes, one attribute at most, nothing escaped, no prefix, no comment. It is
well-formed as far as this reads it; what is spelled in any other way is left to the parser. Whether the values are of
their types, and the elements in their order and not empty, is not judged here.

Source: XML 1.0; FHIR STU3, XML Representation.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from registry_sandbox.fhir.json import integer
from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Structure, Type
from registry_sandbox.fhir.xml import NAMESPACE

_LARGEST = 1_000_000
"""Bytes of a document: it stays below every limit that libxml2 has for a text."""

_DEEPEST = 40
"""As many elements stand inside each other in what is read here; of more, the parser may speak."""

_Child = tuple[bool, Callable[[str], Any] | None, "_Children | None", bool]
"""Of an element: whether it repeats, what makes its value of a text, its own elements, whether it has a URL."""

_Children = dict[str, _Child]


class PlainReader:
    """Reads plain documents, from tables made once."""

    def __init__(self, structure: Structure) -> None:
        tables: dict[str, _Children] = {name: {} for name in structure.types}
        for described in structure.types.values():
            tables[described.name].update(_children(described, structure, tables))
        self._resources = {each.name: tables[each.name] for each in structure.resources()}

    def read(self, body: bytes) -> dict[str, Any] | None:
        """Give the resource, values of a wrong spelling as texts; nothing where the document is not plain."""
        if len(body) > _LARGEST:
            return None
        try:
            text = body.decode().rstrip(" \t\n\r")
        except UnicodeDecodeError:
            return None
        root = _ROOT.match(text)
        if root is None or root[1] not in self._resources:
            return None
        try:
            return _resource(root[1], self._resources[root[1]], _TOKEN.findall(text, root.end()))
        except (KeyError, _NotPlainError):  # an element that no table has
            return None


class _NotPlainError(Exception):
    """Something that only the parser can read, or refuse."""


def _resource(name: str, children: _Children, tokens: list[tuple[str, str, str, str, str]]) -> dict[str, Any]:
    """Put a resource together: `opened` has the holders of what is being read, `last` names the element before it."""
    resource: dict[str, Any] = {"resourceType": name}
    members, last = resource, ""
    opened: list[tuple[str, _Children, dict[str, Any]]] = [(name, {}, {})]
    for element, value, url, ended, _ in tokens:
        if ended:
            if not (opened and opened[-1][0] == ended):
                raise _NotPlainError
            last, children, members = opened.pop()
            continue
        many, read, inside, has_url = children[element]
        if value and inside is None:
            content: Any = read(value) if read else value
        elif value or inside is None or len(opened) > _DEEPEST or (url and not has_url):
            raise _NotPlainError
        else:
            content = {"url": url} if url else {}
        if element not in members:
            members[element] = [content] if many else content
        elif many and element == last:
            members[element].append(content)
        else:
            raise _NotPlainError
        last = element
        if inside is not None:
            opened.append((element, children, members))
            members, children, last = content, inside, ""
    if opened:
        raise _NotPlainError
    return resource


def _children(described: Type, structure: Structure, tables: Mapping[str, _Children]) -> _Children:
    children: _Children = {}
    for each in described.elements:
        of_type = structure.types[each.type]
        if each.attribute or each.type in {ANY_RESOURCE, XHTML}:
            continue
        has_url = any(inner.attribute and inner.name == "url" for inner in of_type.elements)
        inside = None if of_type.json else tables[each.type]
        children[each.name] = (each.many, _READ.get(of_type.json), inside, has_url)
    return children


def _number(text: str) -> Any:
    return integer(text) if _WHOLE.fullmatch(text) else text


def _boolean(text: str) -> Any:
    return text == "true" if text in {"true", "false"} else text


_READ: Mapping[str, Callable[[str], Any]] = {"boolean": _boolean, "number": _number}
_WHOLE = re.compile("-?(?:0|[1-9][0-9]*+)", re.ASCII)
_ROOT = re.compile(
    r'(?:<\?xml version="1\.0"(?: encoding="(?:UTF|utf)-8")?\?>)?[ \t\n\r]*+'
    rf'<([A-Za-z]++) xmlns="{re.escape(NAMESPACE)}">'
)
# An element with a value; the beginning of one with others inside; the end of one; or all the rest, which is not plain.
_TOKEN = re.compile(
    r'[ \t\n\r]*+<(?:([A-Za-z]++)(?: value="([^"<&\t\n\r]++)" ?/>|(?: url="([^"<&\t\n\r]++)")?>)|/([A-Za-z]++)>)|(.++)',
    re.DOTALL,
)
