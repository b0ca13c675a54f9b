"""The journal as a HAR 1.2 archive, which browsers and HTTP tools read.

What HAR has no field for stands in fields of our own, which begin with an underscore.

Source: HTTP Archive 1.2 (the W3C's draft, and the schema of har-schema).
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from registry_sandbox import __version__
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.registry.exchange_json import as_json

_HTTP_VERSION = "HTTP/1.1"
_UNKNOWN = -1
_IN_A_URL = "/?:@!$&'()*+,;=%"
_PHRASES = {int(each): each.phrase for each in HTTPStatus}


def envelope(dropped: int) -> dict[str, Any]:
    """Return an archive without entries; the comment says how many exchanges are missing in it."""
    comment = f"{dropped} older exchanges were dropped" if dropped else "the whole journal"
    creator = {"name": "appointment-registry-sandbox", "version": __version__}
    return {"log": {"version": "1.2", "creator": creator, "comment": comment, "entries": []}}


def entry(exchange: Exchange) -> dict[str, Any]:
    """Return the entry of an exchange; one without an answer has the status 0, as browsers write it."""
    told = as_json(exchange)
    total_ms = exchange.duration_s * 1_000
    wait_ms = total_ms if exchange.first_byte_s is None else exchange.first_byte_s * 1_000
    return {
        "startedDateTime": told["wall"],
        "time": total_ms,
        "request": _request(exchange, told["request"]),
        "response": _response(exchange, told["response"]),
        "cache": {},
        "timings": {"send": 0, "wait": wait_ms, "receive": max(total_ms - wait_ms, 0)},
        "_number": told["number"],
        "_sandboxTime": told["at"],
        "_state": told["state"],
        "_ended": told["sent"]["ended"],
        "_faults": told["faults"],
        **{f"_{name}": told[name] for name in ("client", "interaction", "id", "written") if name in told},
    }


def _request(exchange: Exchange, told: dict[str, Any]) -> dict[str, Any]:
    asked = exchange.request
    base = urlsplit(asked.called_as or asked.base)
    path, query = _quoted(asked.mount + told["path"]), told.get("query", "")
    described: dict[str, Any] = {
        "method": told["method"],
        "url": f"{base.scheme}://{base.netloc}{path}{f'?{_quoted(query)}' if query else ''}",
        "httpVersion": _HTTP_VERSION,
        "cookies": [],
        "headers": _pairs(told["headers"].items()),
        "queryString": _pairs(parse_qsl(query, keep_blank_values=True)),
        "headersSize": _UNKNOWN,
        "bodySize": exchange.request_bytes,
    }
    if "body" in told:
        described["postData"] = {"mimeType": asked.headers.get("Content-Type", ""), "text": told["body"]}
    return described


def _quoted(text: str) -> str:
    # Clients send a bar as it is, and what is left out stands in angle brackets: neither can be in a URL.
    return quote(text, safe=_IN_A_URL)


def _response(exchange: Exchange, told: dict[str, Any] | None) -> dict[str, Any]:
    headers = {} if told is None else told["headers"]
    content = {"size": exchange.body_bytes, "mimeType": headers.get("Content-Type", "x-unknown")}
    if told is not None and "body" in told:
        content["text"] = told["body"]
    status = 0 if told is None else told["status"]
    return {
        "status": status,
        "statusText": _PHRASES.get(status, ""),
        "httpVersion": _HTTP_VERSION,
        "cookies": [],
        "headers": _pairs(headers.items()),
        "content": content,
        "redirectURL": headers.get("Location", "") if 300 <= status < 400 else "",  # noqa: PLR2004 - the class of status
        "headersSize": _UNKNOWN,
        "bodySize": exchange.body_bytes,
    }


def _pairs(items: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in items]
