"""Which faults would have made a rule's precondition occur: a fault that has not fired leaves it open, not unmet."""

from http import HTTPStatus

from registry_sandbox.verdict.evidence import Unfired
from registry_sandbox.verdict.rule import Provokes
from registry_sandbox.verdict.seen import NOT_KNOWN, TRANSIENT

_SEVERAL = 3
_BREAKING = frozenset({"reset", "empty", "hang", "garbage", "cut", "body"})


def answers(*statuses: int, interaction: str = "") -> Provokes:
    """Return whether a fault answers one of these statuses, on this interaction or any."""
    return lambda fault: fault.status in statuses and _acts_on(fault, interaction)


def leaves_unknown(interaction: str) -> Provokes:
    """Return whether a fault leaves a client without knowing what became of this interaction."""
    return lambda fault: _acts_on(fault, interaction) and (fault.status in NOT_KNOWN or bool(fault.words & _BREAKING))


def fails(fault: Unfired) -> bool:
    """Return whether a fault makes an exchange fail such that it may be sent again."""
    return fault.status in TRANSIENT or bool(fault.words & _BREAKING)


def keeps_failing(fault: Unfired) -> bool:
    """Return whether a fault makes several attempts in a row fail."""
    return fails(fault) and (fault.times is None or fault.times >= _SEVERAL)


def refuses(fault: Unfired) -> bool:
    """Return whether a fault answers a 4xx."""
    return fault.status is not None and fault.status // 100 == 4  # noqa: PLR2004 - the class of client errors


def spoils(fault: Unfired) -> bool:
    """Return whether a fault breaks the body of an answer."""
    return bool(fault.words & {"cut", "body"})


def conflicts(fault: Unfired) -> bool:
    """Return whether a fault makes a cancel conflict."""
    return _acts_on(fault, "update") and (fault.status == HTTPStatus.CONFLICT or "race" in fault.words)


def limits(fault: Unfired) -> bool:
    """Return whether a fault asks to wait."""
    return fault.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE) or "rate_limit" in fault.words


def _acts_on(fault: Unfired, interaction: str) -> bool:
    return not interaction or interaction in fault.interactions
