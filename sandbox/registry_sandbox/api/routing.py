"""Routing: finds the interaction of a request by its path and method, from what the interactions declare.

Source: FHIR STU3, RESTful API, the summary of interactions.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from registry_sandbox.http.errors import MethodNotAllowed, NoRecordFound
from registry_sandbox.http.interaction import NO_INTERACTION, Answer, Interaction, allow, answered_methods
from registry_sandbox.http.request import Request

_PLACEHOLDERS = ("{id}", "{vid}")
_OF_VERSION = 3
"""Where the version id stands in `TYPE/{id}/_history/{vid}`."""


def interaction(code: str, method: str, *paths: str, **declared: Any) -> Callable[[Answer], tuple[Interaction, ...]]:
    """Declare the decorated function as the answer to an interaction, on one or several paths; see `Interaction`."""
    return lambda answer: tuple(
        Interaction(code=code, method=method, path=path, answer=answer, **declared) for path in paths
    )


class _Branch:
    """A node of the routing tree: children by path segment, the child for a placeholder, and interactions by method.

    HEAD is among the methods where GET is.
    """

    __slots__ = ("below", "by_method", "placeholder")

    def __init__(self) -> None:
        self.below: dict[str, _Branch | None] = {"": None}  # no id is empty: nothing is behind a trailing slash
        self.placeholder: _Branch | None = None
        self.by_method: dict[str, Interaction] = {}


class Tree:
    """All interactions by path and method. It is the same for every workspace."""

    def __init__(self, interactions: Iterable[Interaction]) -> None:
        self.root = _Branch()
        for each in interactions:
            branch = self.root
            for segment in each.path.split("/"):
                branch = _child(branch, segment)
            branch.by_method.update(dict.fromkeys(answered_methods(each.method), each))
        _tell_literals_from_ids([self.root])


def _child(branch: _Branch, segment: str) -> _Branch:
    if segment in _PLACEHOLDERS:
        branch.placeholder = branch.placeholder or _Branch()
        return branch.placeholder
    child = branch.below.get(segment) or _Branch()
    branch.below[segment] = child
    return child


def _tell_literals_from_ids(level: list[_Branch]) -> None:
    """Let no word that stands in a path of the API, such as `_history`, be an id at the same depth of another path."""
    while level:
        literals = {segment for branch in level for segment in branch.below}
        for branch in level:
            branch.below = {**dict.fromkeys(literals), **branch.below}
        below = [child for branch in level for child in (*branch.below.values(), branch.placeholder)]
        level = [child for child in below if child is not None]


class Routes:
    """The step that looks a request up.

    Args:
        tree: all interactions.
        base_paths: the paths that the FHIR base is reached under, such as `/STU3`.
    """

    def __init__(self, tree: Tree, base_paths: Iterable[str]) -> None:
        self._base_paths = tuple(path + "/" for path in base_paths)
        self._root = tree.root

    def find(self, request: Request) -> None:
        """Note the interaction, the id and the version on the request. Refuse nothing yet."""
        path, branch = request.path, self._root
        for base_path in self._base_paths:
            if path.startswith(base_path):
                break
        else:
            return
        segments = path[len(base_path) :].split("/")
        if "%" in path:
            segments = [unquote(each, errors="replace") for each in segments]
        for segment in segments:
            below = branch.below.get(segment, branch.placeholder)
            if below is None:
                return
            branch = below
        request.allowed_methods = branch.by_method
        found = branch.by_method.get(request.method)
        if found is None:
            return
        request.declared = found
        if found.of_instance:
            request.logical_id = segments[1]
            if len(segments) > _OF_VERSION:
                request.version_id = segments[_OF_VERSION]


def require_route(request: Request) -> None:
    """Refuse an unknown path, and a method that the path does not take.

    Raises:
        NoRecordFound: the path is none of the registry's.
        MethodNotAllowed: the path does not take the method.
    """
    if request.declared is not NO_INTERACTION:
        return
    if not request.allowed_methods:
        slash = " No path ends with a slash: leave it out." if request.path.endswith("/") else ""
        raise NoRecordFound(
            f"There is nothing at '{request.path[:120]}'; GET [base]/metadata lists what there is.{slash}"
        )
    allowed = allow(request.allowed_methods)
    raise MethodNotAllowed(f"{request.method} is not for this path; expected {allowed}.", headers={"Allow": allowed})
