"""An exchange of a report in one line, and in full, as every format shows it."""

from collections.abc import Iterator, Mapping
from typing import Any

from registry_sandbox.verdict.report import Report
from registry_sandbox.verdict.reports.characters import one_line

Exchange = Mapping[str, Any]


def line_of(report: Report, number: int) -> str:
    """Return an exchange in one line, such as `PUT /STU3/Appointment/1 -> 409`."""
    exchange = report.exchanges.get(number)
    if exchange is None:
        return "not kept by the journal"
    return one_line(f"{target(exchange)} -> {answered(exchange)}")


def target(exchange: Exchange) -> str:
    """Return the method, and the path with its query."""
    asked = _part(exchange, "request")
    query = f"?{asked['query']}" if asked.get("query") else ""
    return f"{asked.get('method', '?')} {asked.get('path', '?')}{query}"


def answered(exchange: Exchange) -> str:
    """Return the status that the client received, or how the exchange ended without one; and the faults that fired."""
    response, sent = exchange.get("response"), _part(exchange, "sent")
    ended = sent.get("ended", "lost")
    status = f"no answer ({ended})" if response is None else str(_part(exchange, "response").get("status", "?"))
    if response is not None and ended not in ("whole", "under way"):
        status = f"{status} ({ended})"
    faults = exchange.get("faults") or []
    return f"{status}, fault {', '.join(map(str, faults))}" if faults else status


def request_text(exchange: Exchange) -> str:
    """Return the request as it came: its line, its headers, its body."""
    return _text([target(exchange)], _part(exchange, "request"))


def response_text(exchange: Exchange) -> str:
    """Return the answer as the client received it."""
    if exchange.get("response") is None:
        return answered(exchange)
    return _text([answered(exchange)], _part(exchange, "response"))


def _text(first: list[str], message: Mapping[str, Any]) -> str:
    headers = message.get("headers")
    lines = [f"{name}: {value}" for name, value in headers.items()] if isinstance(headers, Mapping) else []
    body = message.get("body")
    return "\n".join([*first, *lines, *(["", str(body)] if body else [])])


def _part(exchange: Exchange, name: str) -> Mapping[str, Any]:
    part = exchange.get(name)
    return part if isinstance(part, Mapping) else {}


def numbers(exchanges: tuple[int, ...], most: int) -> Iterator[int]:
    """Yield the first numbers, and the last one where there are more than `most`."""
    yield from exchanges if len(exchanges) <= most else (*exchanges[: most - 1], exchanges[-1])
