"""The dispatcher: it chooses by the path which handler answers."""

from collections.abc import Awaitable
from http import HTTPStatus

from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.redirect import as_folder
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

Mount = tuple[str, Handler]
"""The beginning of paths, such as `/oauth2`, and what answers them."""


class Dispatcher:
    """Answers every path: the FHIR base, or one of the mounts beside it.

    Args:
        fhir: answers every path under one of the base paths; None if there is no FHIR base here.
        base_paths: such as `/STU3`.
        mounts: handlers by the beginning of their paths; the first that fits answers.
        root: answers `/` itself.
        prefixes: beginnings of paths that mounts do not see, such as `/nhs` with the base URL `https://h.test/nhs/STU3`.
    """

    def __init__(
        self,
        fhir: Handler | None,
        base_paths: tuple[str, ...],
        mounts: tuple[Mount, ...],
        root: Handler,
        prefixes: tuple[str, ...] = (),
    ) -> None:
        self._fhir = fhir
        self._below_base = tuple(path + "/" for path in base_paths)
        self._base_paths = base_paths
        self._mounts = mounts
        self._root = root
        self._prefixes = tuple(prefix for prefix in prefixes if prefix)

    def __call__(self, request: Request) -> Awaitable[Response]:
        """Answer a request."""
        if self._fhir and (request.path.startswith(self._below_base) or request.path in self._base_paths):
            return self._fhir(request)
        if request.path in self._prefixes:
            return self._root_of_prefix(request)
        for prefix in self._prefixes:
            if request.path.startswith(f"{prefix}/"):
                request.path = request.path[len(prefix) :]
        for beginning, mount in self._mounts:
            if request.path == beginning or request.path.startswith(beginning + "/"):
                return mount(request)
        return self._root(request) if request.path == "/" else self._nothing(request)

    async def _root_of_prefix(self, request: Request) -> Response:
        # The page's addresses are relative: without the slash they would lead out of the prefix.
        return as_folder(request.path)

    async def _nothing(self, request: Request) -> Response:
        known = [*(self._base_paths if self._fhir else ()), *(beginning for beginning, _ in self._mounts)]
        return json_response(
            HTTPStatus.NOT_FOUND,
            {"error": f"There is nothing at {request.path[:120]}.", "paths": sorted({each or "/" for each in known})},
        )
