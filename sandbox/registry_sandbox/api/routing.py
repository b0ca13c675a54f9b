"""Routing: finds the interaction of a request by its path and method, from what the interactions declare.

Source: FHIR STU3, RESTful API, the summary of interactions.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from registry_sandbox.http.errors import MethodNotAllowed, NoRecordFound
from registry_sandbox.http.interaction import NO_INTERACTION, Answer, Interaction, allow, declared_method
from registry_sandbox.http.request import Request

_PLACEHOLDERS = ("{id}", "{vid}")


def interaction(code: str, method: str, *paths: str, **declared: Any) -> Callable[[Answer], tuple[Interaction, ...]]:
    """Declare the decorated function as the answer to an interaction, on one or several paths; see `Interaction`."""
    return lambda answer: tuple(
        Interaction(code=code, method=method, path=path, answer=answer, **declared) for path in paths
    )


class _Branch:
    """A node of the routing tree: children by path segment (`*` for a placeholder), and interactions by method."""

    __slots__ = ("below", "by_method")

    def __init__(self) -> None:
        self.below: dict[str, _Branch] = {}
        self.by_method: dict[str, Interaction] = {}


class Tree:
    """All interactions by path and method. It is the same for every workspace."""

    def __init__(self, interactions: Iterable[Interaction]) -> None:
        self.root = _Branch()
        self.literals: list[set[str]] = []  # with the empty text, which is no id: nothing is behind a trailing slash
        for each in interactions:
            branch = self.root
            for at, segment in enumerate(each.path.split("/")):
                self.literals += [{""}] if at == len(self.literals) else []
                if segment not in _PLACEHOLDERS:
                    self.literals[at].add(segment)
                branch = branch.below.setdefault("*" if segment in _PLACEHOLDERS else segment, _Branch())
            branch.by_method[each.method] = each


class Routes:
    """The step that looks a request up.

    Args:
        tree: all interactions.
        base_paths: the paths that the FHIR base is reached under, such as `/STU3`.
    """

    def __init__(self, tree: Tree, base_paths: Iterable[str]) -> None:
        self._base_paths = tuple(path + "/" for path in base_paths)
        self._root, self._literals = tree.root, tree.literals

    def find(self, request: Request) -> None:
        """Note the interaction, the id and the version on the request. Refuse nothing yet."""
        segments, branch = self._segments(request.path), self._root
        if len(segments) > len(self._literals):
            return
        for segment, literals in zip(segments, self._literals, strict=False):
            below = branch.below.get(segment if segment in literals else "*")
            if below is None:
                return
            branch = below
        request.allowed_methods = branch.by_method.keys()
        found = branch.by_method.get(declared_method(request.method))
        if found is None:
            return
        request.declared = found
        request.resource_type = segments[0]
        if found.of_instance:
            request.logical_id = segments[1]
            request.version_id = segments[3] if len(segments) > 3 else ""  # noqa: PLR2004 - /Type/id/_history/vid

    def _segments(self, path: str) -> list[str]:
        for base_path in self._base_paths:
            if path.startswith(base_path):
                below = path[len(base_path) :].split("/")
                return [unquote(each, errors="replace") for each in below] if "%" in path else below
        return []


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
