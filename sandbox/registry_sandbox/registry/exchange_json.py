"""An exchange as JSON, without its secrets, as the control plane and the test kit show it."""

import gzip
import zlib
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from registry_sandbox.fhir.datatypes import write_timestamp
from registry_sandbox.http.redaction import header_without_secrets, without_secrets
from registry_sandbox.registry.diagnostics import first_diagnostics
from registry_sandbox.registry.exchange import Exchange

_TEXT_AT_MOST = 20_000


def as_json(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange as JSON; `response` is None where the client received none."""
    injected = exchange.request.injected
    idle = (
        []
        if injected is None
        else [{"id": each, "why": "matched, nothing to spoil"} for each in injected.idle_rule_ids]
    )
    return {
        **summary(exchange),
        "request": _request(exchange),
        "response": _response(exchange),
        "sent": {"body_bytes": exchange.body_bytes, "ended": exchange.ended},
        "faults": list(exchange.rule_ids),
        **({"varied": [*injected.notes]} if injected and injected.notes else {}),
        **({"idle_faults": idle} if idle else {}),
    }


def summary(exchange: Exchange) -> dict[str, Any]:
    """Return what an exchange was about and how long it took, without what was sent."""
    request = exchange.request
    written = request.written
    about = {
        "client": without_secrets(request.client.name),
        "certificate_subject": request.certificate_subject,
        "transport": {"tls_fault": request.tls_fault} if request.tls_fault else None,
        "interaction": request.interaction,
        "id": without_secrets(exchange.logical_id),
        "version": without_secrets(request.version_id),
        "written": f"Appointment/{written.logical_id}/_history/{written.version_id}" if written else "",
        "warnings": [without_secrets(each.message) for each in request.warnings],
    }
    return {
        "number": exchange.number,
        "at": write_timestamp(exchange.at_s),
        "wall": write_timestamp(exchange.wall_s),
        "duration_s": round(exchange.duration_s, 6),
        "first_byte_s": None if exchange.first_byte_s is None else round(exchange.first_byte_s, 6),
        "state": exchange.state,
        **{name: value for name, value in about.items() if value},
    }


def brief(exchange: Exchange) -> dict[str, Any]:
    """Return what a list needs of an exchange: everything but headers and bodies, and why it was refused."""
    request = exchange.request
    more = {"query": without_secrets(request.query), "why": _why(exchange)}
    return {
        **summary(exchange),
        "method": without_secrets(request.method),
        "path": without_secrets(request.path),
        "status": exchange.status,
        "ended": exchange.ended,
        "faults": list(exchange.rule_ids),
        **{name: value for name, value in more.items() if value},
    }


def _why(exchange: Exchange) -> str:
    response = exchange.response
    if response is None or exchange.status is None or exchange.status < HTTPStatus.BAD_REQUEST:
        return ""
    return first_diagnostics((_response(exchange) or {}).get("body", ""))


def _request(exchange: Exchange) -> dict[str, Any]:
    request = exchange.request
    described = {
        "method": request.method,
        "path": without_secrets(request.path),
        "query": without_secrets(request.query),
        "headers": _headers(request.headers.items()),
        **_body(request.body, "", exchange.request_bytes),
    }
    return {name: value for name, value in described.items() if value != ""}


def _response(exchange: Exchange) -> dict[str, Any] | None:
    response = exchange.response
    if response is None or exchange.status is None:
        return None
    coding = response.headers.get("Content-Encoding", "")
    body, size = response.body, exchange.response_bytes
    if response.sent is not None:
        size = response.sent.body_bytes
        body = body[:size]
    return {
        "status": exchange.status,
        "headers": _headers(response.all_headers.items()),
        **_body(body, coding, size),
    }


def _headers(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in items:
        shown = header_without_secrets(name, value)
        headers[name] = f"{headers[name]}, {shown}" if name in headers else shown
    return headers


def _body(body: bytes, coding: str, size: int) -> dict[str, str]:
    """Return the beginning of a body as text, with its `size` in bytes where that is not all of it."""
    if not body:
        return {}
    text = (_inflated(body) if coding == "gzip" else body).decode("utf-8", "replace")
    shown = without_secrets(text[:_TEXT_AT_MOST])
    whole = len(text) <= _TEXT_AT_MOST and size == len(body)
    return {"body": shown if whole else f"{shown}... ({size} bytes)"}


def _inflated(body: bytes) -> bytes:
    """Inflate what there is of a body that may be cut short or spoiled."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        return inflater.decompress(body, _TEXT_AT_MOST * 4)
    except (zlib.error, gzip.BadGzipFile):
        return body
