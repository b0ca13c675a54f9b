"""Sentinels: NHS numbers that are never issued. Each meets one documented failure, without any configuration.

The form is 999 95i sssC: `i` is the interaction (1 register, 2 cancel, 3 search, 4 read), `sss` the status (000: the
connection is reset; 200 and 201: done, but the answer is lost; 408: no answer), `C` the check digit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from registry_sandbox.faults.effect import Effect
from registry_sandbox.faults.effects.hang import Hang
from registry_sandbox.faults.effects.race import Race
from registry_sandbox.faults.effects.reset import Reset
from registry_sandbox.faults.effects.status import Status
from registry_sandbox.faults.match import ALIASES, Match
from registry_sandbox.faults.rule import Rule, Then
from registry_sandbox.faults.when import When


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A reserved number, the interaction it is for, and what happens: in the documentation's words, and as a rule."""

    nhs_number: str
    interaction: str
    meaning: str
    then: Mapping[str, Any]
    when: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rule_id(self) -> str:
        """The id of its rule, and of its seeded appointment."""
        code = self.nhs_number[6:9]
        return f"sentinel-{self.interaction}-{_NAMES.get(code, code)}"


_NAMES: Final = {"000": "reset", "200": "lost", "201": "lost", "408": "timeout"}
_LOST: Final = {"commit": True, "wire": "reset"}
_THROTTLED: Final = {"status": 429, "retry_after": 1}
_ONCE_EACH: Final = {"times": 1, "per": "client"}
_ONCE: Final = {"times": 1, "per": "resource"}

SENTINELS: Final = (
    Sentinel("9999514006", "register", "400: the body cannot be read", {"status": 400}),
    Sentinel("9999514030", "register", "403: access is denied", {"status": 403}),
    Sentinel("9999514227", "register", "422: a business rule refuses it", {"status": 422}),
    Sentinel(
        "9999514294", "register", "429 once: too many requests; wait for Retry-After, retry", _THROTTLED, _ONCE_EACH
    ),
    Sentinel("9999515002", "register", "500: may be retried", {"status": 500}),
    Sentinel("9999514081", "register", "no answer, nothing stored", {"wire": "hang"}),
    Sentinel("9999510000", "register", "connection reset, nothing stored", {"wire": "reset"}),
    Sentinel("9999512011", "register", "stored, then the connection is reset", _LOST),
    Sentinel("9999524001", "cancel", "400: the body cannot be read", {"status": 400}),
    Sentinel("9999524036", "cancel", "403: access is denied", {"status": 403}),
    Sentinel("9999524044", "cancel", "404: not known any more", {"status": 404}),
    Sentinel("9999524095", "cancel", "409 once: somebody else wrote first; read again, retry", {"race": "bump"}, _ONCE),
    Sentinel("9999524125", "cancel", "412: as if If-Match were missing", {"status": 412}),
    Sentinel("9999524222", "cancel", "422: a business rule refuses it", {"status": 422}),
    Sentinel("9999525008", "cancel", "500: may be retried", {"status": 500}),
    Sentinel("9999524087", "cancel", "no answer, nothing changed", {"wire": "hang"}),
    Sentinel("9999520006", "cancel", "connection reset, nothing changed", {"wire": "reset"}),
    Sentinel("9999522009", "cancel", "cancelled, then the connection is reset", _LOST),
    Sentinel("9999534007", "search", "400: the query is refused", {"status": 400}),
    Sentinel("9999534031", "search", "403: access is denied", {"status": 403}),
    Sentinel(
        "9999534295", "search", "429 once: too many requests; wait for Retry-After, retry", _THROTTLED, _ONCE_EACH
    ),
    Sentinel("9999535003", "search", "500: may be retried", {"status": 500}),
    Sentinel("9999534082", "search", "no answer", {"wire": "hang"}),
    Sentinel("9999530001", "search", "connection reset", {"wire": "reset"}),
    Sentinel("9999544037", "read", "403: access is denied", {"status": 403}),
    Sentinel("9999544045", "read", "404: not known", {"status": 404}),
    Sentinel("9999544290", "read", "429 once: too many requests; wait for Retry-After, retry", _THROTTLED, _ONCE_EACH),
    Sentinel("9999545009", "read", "500: may be retried", {"status": 500}),
    Sentinel("9999544088", "read", "no answer", {"wire": "hang"}),
    Sentinel("9999540007", "read", "connection reset", {"wire": "reset"}),
)


@cache
def sentinel_rules() -> tuple[Rule, ...]:
    """Return the rules of the sentinels.

    They are built directly from the few effects that they use: reading them as JSON would load every effect at the
    start. A test reads them as JSON too and compares.
    """
    return tuple(_rule(each) for each in SENTINELS)


def _rule(sentinel: Sentinel) -> Rule:
    match = {"interaction": ALIASES.get(sentinel.interaction, sentinel.interaction), "patient": sentinel.nhs_number}
    parts = {"id": sentinel.rule_id, "match": match, "when": dict(sentinel.when), "then": dict(sentinel.then)}
    return Rule(
        id=sentinel.rule_id,
        match=Match(**match),
        when=When(**sentinel.when),
        then=Then((_effect(sentinel.then),), commit="commit" in sentinel.then),
        spec={key: value for key, value in parts.items() if value},
    )


def _effect(then: Mapping[str, Any]) -> Effect:
    if "status" in then:
        return Status(**{key: value for key, value in then.items() if key != "commit"})
    return Race(then["race"]) if "race" in then else _WIRES[then["wire"]]


_WIRES: Final[Mapping[str, Effect]] = {"hang": Hang(), "reset": Reset()}


def sentinel_table() -> str:
    """Return the table of the sentinels, in Markdown."""
    rows = ["| NHS number | on | what happens |", "|---|---|---|"]
    rows += [f"| `{each.nhs_number}` | {each.interaction} | {each.meaning} |" for each in SENTINELS]
    return "\n".join(rows)
