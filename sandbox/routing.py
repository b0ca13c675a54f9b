"""Which interaction a request is: its path and method, looked up in what the interactions declare.

Source: FHIR STU3, RESTful API, the summary of interactions.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from sandbox.errors import MethodNotAllowed, NoRecordFound
from sandbox.exchange import Answer, Body, Request
from sandbox.registrar import Registrar

_PLACEHOLDERS = ("{id}", "{vid}")


@dataclass(frozen=True, slots=True)
class Interaction:
    """An interaction as it is declared: `code` is FHIR's, `path` is below the base, `body` what a request carries.

    `of_instance` tells whether its path has a logical id.
    """

    code: str
    method: str
    path: str
    answer: Answer[Registrar]
    writes: bool = False
    body: Body = "none"
    of_instance: bool = field(init=False)

    def __post_init__(self) -> None:
        """Look into the path once, not at every request."""
        object.__setattr__(self, "of_instance", "{id}" in self.path)


def interaction(
    code: str, method: str, *paths: str, writes: bool = False, body: Body = "none"
) -> Callable[[Answer[Registrar]], tuple[Interaction, ...]]:
    """Declare the function below as the answer to an interaction, on one path or several."""
    return lambda answer: tuple(Interaction(code, method, path, answer, writes, body) for path in paths)


class Routes:
    """The table of all interactions, and the step that looks a request up in it.

    Args:
        interactions: as declared.
        base_paths: the paths that the FHIR base is reached under, such as `/STU3`.
    """

    def __init__(self, interactions: Iterable[Interaction], base_paths: Iterable[str]) -> None:
        self._base_paths = tuple(path + "/" for path in base_paths)
        self._by_shape: dict[tuple[str, ...], dict[str, Interaction]] = {}
        for each in interactions:
            self._by_shape.setdefault(_shape(each.path), {})[each.method] = each
        shapes = self._by_shape.keys()
        longest = max(map(len, shapes))
        self._literals = [{shape[at] for shape in shapes if len(shape) > at} - {"*"} for at in range(longest)]

    def find(self, request: Request) -> None:
        """Note on the request what its path and method say; refuse nothing yet."""
        segments, literals = self._segments(request.path), self._literals
        if len(segments) > len(literals):
            return
        shape = tuple([each if each in literals[at] else "*" for at, each in enumerate(segments)])
        by_method = self._by_shape.get(shape)
        if by_method is None:
            return
        request.allowed_methods = by_method.keys()
        found = by_method.get("GET" if request.method == "HEAD" else request.method)
        if found is None:
            return
        request.answer, request.interaction = found.answer, found.code
        request.writes, request.expects = found.writes, found.body
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
    """Refuse an unknown path, and a method that is not for it.

    Raises:
        NoRecordFound: the path is none of the registry's.
        MethodNotAllowed: the path is known, the method is not for it.
    """
    if request.interaction:
        return
    if not request.allowed_methods:
        raise NoRecordFound(f"There is nothing at '{request.path[:120]}'; GET [base]/metadata lists what there is.")
    methods = {*request.allowed_methods, *(("HEAD",) if "GET" in request.allowed_methods else ())}
    allowed = ", ".join(sorted(methods))
    raise MethodNotAllowed(f"{request.method} is not for this path; expected {allowed}.", headers={"Allow": allowed})


def _shape(path: str) -> tuple[str, ...]:
    return tuple("*" if each in _PLACEHOLDERS else each for each in path.split("/"))
