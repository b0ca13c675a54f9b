"""The rules in force of a state document, with their counts.

Source: docs/state.md.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from registry_sandbox.faults.counters import MAX_SCOPES, Counters
from registry_sandbox.faults.effects.rate_limit import LimitRate
from registry_sandbox.faults.engine_state import EngineState
from registry_sandbox.faults.fields import BadFault, read, require_keys, shown
from registry_sandbox.faults.live_rule import PRECEDENCE, LiveRule, Source
from registry_sandbox.faults.rule import Rule, read_rule
from registry_sandbox.faults.rule_set import RULES_AT_MOST
from registry_sandbox.faults.when import Scope
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.rate_limiter import RateLimiter
from registry_sandbox.state.parts import Count, Seconds, read_windows
from registry_sandbox.state.scanner import BadText, Scanner

_MEMBERS: Final = ["rule", "source", "since_s", "matched", "fired", "counts", "windows"]
_COUNTED: Final = ("matched", "drawn", "fired")
_COUNT: Final = "a list of matched, drawn or fired, the client, the resource, and a number"
_HEADER: Final[Sequence[Source]] = ("header",)
_OTHERS: Final = PRECEDENCE[1:]


class EngineReader:
    """Reads the rules, one after the other.

    Args:
        clock: what rules with a memory go by until they are in force somewhere; nothing reads it before.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = {"seed": 0, "numbered": 0}
        self._rules: list[LiveRule] = []
        self._of_headers: list[tuple[str, tuple[LiveRule, ...]]] = []

    def read(self, scanner: Scanner) -> Iterator[None]:
        """Scan the member `faults`; every step is a rule.

        Raises:
            BadFault, BadText: it cannot be used.
        """
        for name in scanner.members():
            if name in self._numbers:
                self._numbers[name] = read(Count, scanner.value()[0], f"faults.{name}")
            elif name == "rules":
                for at in scanner.elements():
                    self._rules.append(self._rule(scanner.value()[0], f"faults.rules[{at}]", _OTHERS))
                    yield
            elif name == "of_headers":
                for at in scanner.elements():
                    self._of_headers.append(self._of_header(scanner.value()[0], f"faults.of_headers[{at}]"))
                    yield
            else:
                raise BadText(f"faults: {shown(name)} is not known; expected seed, numbered, rules, of_headers")

    @property
    def state(self) -> EngineState:
        """What was read.

        Raises:
            BadFault: two rules have one id, or there are too many.
        """
        ids = [live.rule.id for live in self._rules]
        twice = next((each for each in ids if ids.count(each) > 1), None)
        if twice is not None:
            raise BadFault(f"faults.rules: two rules have the id '{twice}'; expected each id once")
        if len(ids) > len(_OTHERS) * RULES_AT_MOST:
            raise BadFault(f"faults.rules: there are {len(ids)}; expected at most {len(_OTHERS) * RULES_AT_MOST}")
        seed, numbered = self._numbers["seed"], self._numbers["numbered"]
        return EngineState(seed, tuple(self._rules), tuple(self._of_headers), numbered=numbered)

    def _of_header(self, value: Any, place: str) -> tuple[str, tuple[LiveRule, ...]]:
        require_keys(value, ["text", "rules"], place)
        text, rules = read(str, value.get("text"), f"{place}.text"), value.get("rules")
        if not isinstance(rules, list) or len(rules) > RULES_AT_MOST:
            raise BadFault(f"{place}.rules: expected a list of at most {RULES_AT_MOST} rules")
        live = tuple(self._rule(each, f"{place}.rules[{at}]", _HEADER) for at, each in enumerate(rules))
        for at, each in enumerate(live):
            each.rank = (PRECEDENCE.index("header"), at)
        return text, live

    def _rule(self, value: Any, place: str, sources: Sequence[Source]) -> LiveRule:
        require_keys(value, _MEMBERS, place)
        rule = read_rule(value.get("rule"), f"{place}.rule", "rule")
        source = next((each for each in sources if each == value.get("source")), None)
        if source is None:
            raise BadFault(
                f"{place}.source: {shown(value.get('source'))} is not known; expected {' or '.join(sources)}"
            )
        live = LiveRule(rule, source, read(Seconds, value.get("since_s"), f"{place}.since_s"))
        live.matched = read(Count, value.get("matched", 0), f"{place}.matched")
        live.fired = read(Count, value.get("fired", 0), f"{place}.fired")
        live.counters = _counters(value.get("counts", []), f"{place}.counts")
        if "windows" in value:
            live.memory = {LimitRate.word: self._limiter(rule, value["windows"], f"{place}.windows")}
        return live

    def _limiter(self, rule: Rule, value: Any, place: str) -> RateLimiter:
        limit = next((each.rate_limit for each in rule.then.effects if isinstance(each, LimitRate)), None)
        if limit is None:
            raise BadFault(f"{place}: the rule limits no rate; expected no windows")
        limiter = RateLimiter(limit, self._clock)
        limiter.resume(read_windows(value, place))
        return limiter


def _counters(value: Any, place: str) -> Counters:
    if not isinstance(value, list) or len(value) > MAX_SCOPES:
        raise BadFault(f"{place}: expected a list of at most {MAX_SCOPES} counts")
    counters = Counters()
    for at, each in enumerate(value):
        match each:
            case [str(what), str(client), str(resource), int(count)] if what in _COUNTED and count >= 0:
                counters.add(what, Scope(client, resource), count)
            case _:
                raise BadFault(f"{place}[{at}]: {shown(each)} cannot be used; expected {_COUNT}")
    return counters
