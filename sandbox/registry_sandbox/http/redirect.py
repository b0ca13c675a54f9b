"""Redirects by relative references, which hold behind a proxy that changes what stands before the path."""

from http import HTTPStatus

from registry_sandbox.http.response import Response


def redirect(location: str) -> Response:
    """Return a redirect that keeps method and body; the location is relative to the path that was called.

    Source: RFC 9110, sections 15.4.9 and 10.2.2.
    """
    response = Response(HTTPStatus.PERMANENT_REDIRECT)
    response.headers.update({"Location": location, "Cache-Control": "no-store"})
    return response


def as_folder(path: str) -> Response:
    """Return a redirect from a path to the same with a slash at its end, so that relative URLs lead into it."""
    return redirect(f"{path.rpartition('/')[2]}/")
