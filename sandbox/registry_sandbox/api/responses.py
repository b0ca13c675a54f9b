"""Answers with a version: entity tag, Last-Modified, Location, Prefer, and 304 if nothing has changed.

Source: FHIR STU3, RESTful API (version aware updates, conditional read, Prefer); RFC 9110 sections 8.8 and 13.
"""

import re
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.fhir.etag import entity_tag, versions_named
from registry_sandbox.http.field_names import ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, PREFER
from registry_sandbox.http.outcomes import success
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import GeneratedContent, Response
from registry_sandbox.registry.version import Stored, Version
from registry_sandbox.runtime.clock import http_date


def read_answer(request: Request, version: Version) -> Response:
    """Return the answer to a read, or 304 if the client already has the version."""
    headers, validators = request.headers, _validators(version)
    if (IF_NONE_MATCH in headers or IF_MODIFIED_SINCE in headers) and _unchanged(headers, version, validators[ETAG]):
        return Response(_NOT_MODIFIED, None, validators)
    return Response(request.declared.success, version, validators)


_NOT_MODIFIED = HTTPStatus.NOT_MODIFIED  # to look it up costs a call


def write_answer(request: Request, stored: Stored, spine_code: str) -> Response:
    """Return the answer to a write, with the body that the client prefers."""
    version = request.written = stored.version
    headers = _validators(version)
    headers[LOCATION] = versioned_url(request, version)
    response = Response(request.declared.success, stored, headers)
    preference = _return_preference(request) if PREFER in request.headers else ""
    if preference == "minimal":
        response.content = None
    elif preference == "OperationOutcome":
        response.content = GeneratedContent(
            success(spine_code, f"Appointment/{version.logical_id} is at version {version.number}.")
        )
    return response


def type_url(request: Request) -> str:
    """Return the beginning of every appointment's absolute URL."""
    return f"{request.base}/Appointment/"


def url(request: Request, version: Version) -> str:
    """Return the absolute URL of an appointment."""
    return type_url(request) + version.logical_id


def versioned_url(request: Request, version: Version) -> str:
    """Return the absolute URL of a version of an appointment."""
    return f"{url(request, version)}/_history/{version.version_id}"


def _validators(version: Version) -> CIMultiDict[str]:
    return _written(version.number, int(version.last_updated.timestamp())).copy()


@lru_cache(maxsize=4_096)
def _written(number: int, updated_s: int) -> CIMultiDict[str]:
    return CIMultiDict({ETAG: entity_tag(str(number)), LAST_MODIFIED: http_date(updated_s)})


def _unchanged(headers: CIMultiDictProxy[str], version: Version, etag: str) -> bool:
    if IF_NONE_MATCH in headers:
        sent = headers.getall(IF_NONE_MATCH)
        if sent == [etag]:  # as it mostly is
            return True
        named = ", ".join(sent)
        return named.strip() == "*" or version.version_id in versions_named(named)
    return _not_modified_since(headers[IF_MODIFIED_SINCE], version)


_ASCTIME = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}", re.ASCII)


def _not_modified_since(date: str, version: Version) -> bool:
    # RFC 9110: a date that cannot be read is ignored. HTTP dates are whole seconds, in GMT, which asctime's do not say.
    try:
        since = parsedate_to_datetime(f"{date} GMT" if _ASCTIME.fullmatch(date) else date)
    except (ValueError, OverflowError):
        return False
    return since.tzinfo is not None and version.last_updated.replace(microsecond=0) <= since


def _return_preference(request: Request) -> str:
    for line in request.headers.getall(PREFER):
        for preference in line.split(","):
            name, _, value = preference.partition(";")[0].partition("=")
            if name.strip().lower() == "return":
                return value.strip().strip('"')
    return "representation"
