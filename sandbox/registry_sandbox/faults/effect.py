"""The base class of effects: a frozen dataclass whose fields are its settings, with a method for each point of action.

Each effect is one module in `effects/`. Matching, counting and precedence are the engine's: an effect never sees them.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, Protocol, Self

from registry_sandbox.faults.fields import members
from registry_sandbox.fhir.finding import IssueType
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response, Wire
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.runtime.rate_limiter import RateLimit, RateLimiter

Sleep = Callable[[float], Awaitable[None]]
"""Waits for a number of seconds. It is injected, so that tests of delays take no time."""


class Refuse(Protocol):
    """Builds the response of an injected error: an OperationOutcome, or an OAuth error at the token endpoint."""

    def __call__(
        self, status: int, issue_type: IssueType, spine_code: str, message: str, headers: Mapping[str, str]
    ) -> Response:
        """Return the response."""
        ...


@dataclass(slots=True, eq=False)
class Activation:
    """A rule that fires on one exchange.

    Attributes:
        draw: returns a number from 0 up to 1 for a purpose. It is a hash: with the same seed, every run returns the
            same.
        commit: True if the rule acts after the write, and only if that succeeded.
        memory: what effects of the rule keep from one exchange to the next, by their words.
        notes: what the journal says beside the rule's id, such as the variations that were made.
        acting: the words of the effects that are in force and have found something to spoil so far. A rule none of
            whose effects found anything has not fired.
    """

    rule_id: str
    draw: Callable[[str], float]
    commit: bool = False
    memory: dict[str, RateLimiter] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    acting: set[str] = field(default_factory=set)

    @property
    def message(self) -> str:
        """What an injected error says, if its rule does not say it."""
        return f"Injected by the fault '{self.rule_id}'."

    def note(self, what: str) -> None:
        """Note something for the journal, once."""
        if what not in self.notes:
            self.notes.append(what)

    def found_nothing(self, effect: "Effect") -> None:
        """Note that the exchange has nothing for an effect to spoil."""
        self.acting.discard(effect.word)


@dataclass(slots=True)
class FaultContext:
    """One exchange, as effects see it.

    An effect may replace `service` (by one with another clock, say), and set `token_lifetime_s`. `longest_s`
    bounds every wait. `hold` waits until the exchange is released from the rule with this id.
    `token_lifetime_s` is how long an issued token is valid, in seconds: negative for an expired one, None for the usual
    time. `seed` is the random seed of the sandbox. `rotate_keys` replaces the signing key; the old one stays valid for
    a number of seconds. `wait_s` counts the exchange for a rule that limits the rate, and returns how long the client
    has to wait; 0 if it need not.
    """

    request: Request
    service: RegistryService
    refuse: Refuse
    sleep: Sleep
    longest_s: float
    hold: Callable[[str], Awaitable[None]]
    seed: int
    rotate_keys: Callable[[float], Awaitable[None]]
    wait_s: "Callable[[Activation, RateLimit], Awaitable[int]]"
    token_lifetime_s: int | None = None


class Effect:
    """The base of all effects. Each method is a point at which an effect may act; here it does nothing.

    Attributes:
        word: the effect's name in a rule.
        terminal: True if the effect replaces the answer or ends the connection. A rule has at most one such effect.
        cuts_answer: True if a terminal wants the interaction's own answer, where the interaction writes nothing.
        early: True if its `before` runs before that of other effects.
        needs_body: True if the effect has nothing to spoil on an answer without a body (HEAD, 304, an empty one). One
            that overrides `encoded` or `paced` needs a body in any case.
        by_wire: True if the answer goes out by a wire, which keeps what its headers say of connection and chunks.
        commits: True if `commit` moves the effect behind the write, as it does with every terminal.
        only: the interactions that the effect is for; empty for all.
        short: examples of the short form, for the documentation.
    """

    __slots__ = ()

    word: ClassVar[str] = ""
    terminal: ClassVar[bool] = False
    cuts_answer: ClassVar[bool] = False
    early: ClassVar[bool] = False
    needs_body: ClassVar[bool] = False
    by_wire: ClassVar[bool] = False
    commits: ClassVar[bool] = False
    only: ClassVar[frozenset[str]] = frozenset()
    short: ClassVar[str] = ""

    def joined_with(self, lower: Self) -> Self:
        """Return what is in force if a rule of lower precedence has the same effect: by default this one."""
        del lower
        return self

    async def before(self, context: FaultContext, activation: Activation) -> Response | None:
        """Act before the interaction; a response is answered in the interaction's place."""
        del context, activation
        return None

    def answer(self, context: FaultContext, activation: Activation) -> Response:
        """Return the answer of a terminal, or the answer that it keeps from the client."""
        status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR"
        return context.refuse(status, "exception", code, activation.message, {})

    async def after(self, context: FaultContext, activation: Activation, response: Response) -> Response:
        """Return the interaction's answer, changed, or another one."""
        del context, activation
        return response

    def encoded(self, body: bytes) -> bytes:
        """Return the bytes of the body, changed, before any content coding."""
        return body

    def finish(self, activation: Activation, response: Response) -> None:
        """Change the answer as the last step, when it has all its headers."""

    def paced(self, wire: Wire, sleep: Sleep, longest_s: float) -> Wire:
        """Return a wire that sends at another pace.

        It waits by `sleep` alone, and no wait is longer than `longest_s` seconds.
        """
        del sleep, longest_s
        return wire

    async def deliver(self, response: Response, wire: Wire, sleep: Sleep, longest_s: float) -> None:
        """End the exchange on the wire; for terminals. `sleep` and `longest_s` are as for `paced`."""

    @classmethod
    def from_text(cls, text: str) -> Any | None:
        """Return the JSON value that a short form's text stands for, or None if the text is one plain value."""
        del text
        return None


def needs_body(effect: Effect) -> bool:
    """Return True if the effect can do nothing to an answer without a body."""
    return effect.needs_body or acts(effect, "encoded") or acts(effect, "paced")


def acts(effect: Effect, point: str) -> bool:
    """Return True if the effect overrides this method of `Effect`."""
    return getattr(type(effect), point) is not getattr(Effect, point)


@cache
def vocabulary() -> dict[str, type[Effect]]:
    """Return every effect that a module of `effects/` declares, by its word."""
    package = import_module("registry_sandbox.faults.effects")
    modules = [import_module(f"{package.__name__}.{each.name}") for each in iter_modules(package.__path__)]
    declared = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    effects = {each for each in declared if issubclass(each, Effect) and each.word}
    return {each.word: each for each in sorted(effects, key=lambda each: each.word)}


def sentence(effect: type[Effect]) -> str:
    """Return what an effect does: the first sentence of its docstring, without the full stop."""
    return (inspect.getdoc(effect) or effect.word).partition("\n")[0].partition(". ")[0].rstrip(".")


def is_flat(effect: type[Effect]) -> bool:
    """Return True if the effect's fields are themselves keys of `then`: its first field has the effect's own name."""
    known = members(effect)
    return bool(known) and known[0].name == effect.word


def is_bare(effect: type[Effect]) -> bool:
    """Return True if the effect has no settings. Such a terminal is a value of `wire`."""
    return not members(effect)
