"""The filters of /_sandbox/journal: each is a parameter of the query and a test of one exchange."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote_plus

from registry_sandbox.control.operation import BadControlRequest, whole_number
from registry_sandbox.faults.match import ALIASES, FHIR_INTERACTIONS, TOKEN
from registry_sandbox.fhir.datatypes import Instant, instant, instant_of
from registry_sandbox.http.redaction import without_secrets
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.registry.store import Registry

FILTERS = {
    "since": "a number (exchanges after that one), or an instant on the sandbox's clock",
    "before": "a number: exchanges before that one",
    "interaction": "FHIR's code, or register, cancel, search; token",
    "status": "a status such as 409, or 4xx; none for exchanges without an answer",
    "client": "the name in the token",
    "patient": "an NHS number: of the appointment, the query or the body",
    "id": "the logical id of the appointment",
    "path": "how the path begins",
    "fault": "the id of a rule that fired",
}

Filter = Callable[[Exchange], bool]


def filters(wanted: Mapping[str, str], registry: Registry) -> list[Filter]:
    """Return the filters that a query names.

    Raises:
        BadControlRequest: a value is none that the filter can have.
    """
    return [_patient(value, registry) if name == "patient" else _OF[name](value) for name, value in wanted.items()]


def since(value: str) -> Filter:
    """Return the filter for what came after an exchange's number, or from an instant of the sandbox's clock on.

    Raises:
        BadControlRequest: it is neither.
    """
    if re.fullmatch(r"\d{1,15}", value, re.ASCII):
        return lambda each: each.number > int(value)
    begin = _instant(value)
    return lambda each: instant_of(each.at_s) >= begin


def _before(value: str) -> Filter:
    before = whole_number("before", value)
    return lambda each: each.number < before


def _instant(value: str) -> Instant:
    try:
        # A plus in a query is a space once decoded, and an instant has no other.
        return instant(value.replace(" ", "+"))
    except ValueError:
        raise BadControlRequest(f"since is '{value[:40]}'; expected {FILTERS['since']}.") from None


def _interaction(value: str) -> Filter:
    code = ALIASES.get(value, value)
    if code not in (*FHIR_INTERACTIONS, TOKEN):
        raise BadControlRequest(f"interaction is '{value[:40]}'; expected {FILTERS['interaction']}.")
    return lambda each: each.request.interaction == code


def _status(value: str) -> Filter:
    if value == "none":
        return lambda each: each.status is None
    if re.fullmatch(r"[1-5]xx", value):
        return lambda each: each.status is not None and each.status // 100 == int(value[0])
    if not re.fullmatch(r"[1-5]\d\d", value, re.ASCII):
        raise BadControlRequest(f"status is '{value[:40]}'; expected {FILTERS['status']}.")
    return lambda each: each.status == int(value)


def _client(value: str) -> Filter:
    return lambda each: each.request.client.name == value


def _patient(value: str, registry: Registry) -> Filter:
    if not re.fullmatch(r"\d{10}", value, re.ASCII):
        raise BadControlRequest(f"patient is '{value[:40]}'; expected ten digits.")
    number = re.compile(rf"(?<!\d){value}(?!\d)")
    in_bytes = re.compile(number.pattern.encode())

    def concerns(each: Exchange) -> bool:
        if each.logical_id in registry and value in registry.current(each.logical_id).patients:
            return True
        query = unquote_plus(each.request.query)
        return bool(number.search(query) or in_bytes.search(each.request.body))

    return concerns


def _id(value: str) -> Filter:
    return lambda each: each.logical_id == value


def _path(value: str) -> Filter:
    # What is shown is compared: a filter must not be a way to guess a token that is left out.
    return lambda each: without_secrets(each.request.path).startswith(value)


def _fault(value: str) -> Filter:
    return lambda each: value in each.rule_ids


_OF: dict[str, Callable[[str], Filter]] = {
    "since": since,
    "before": _before,
    "interaction": _interaction,
    "status": _status,
    "client": _client,
    "id": _id,
    "path": _path,
    "fault": _fault,
}
