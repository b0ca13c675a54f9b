"""What an effect is: a frozen dataclass whose fields are its settings, and the points at which it may act.

An effect is one module of this package. What is common to all (matching, counting, precedence) it never sees.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
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

Sleep = Callable[[float], Awaitable[None]]
"""Waits for so many seconds; it is injected, so that tests prove delays without time."""


class Refuse(Protocol):
    """Makes the answer of a refusal, in the words of whoever answers: an OperationOutcome, or an OAuth error."""

    def __call__(
        self, status: int, issue_type: IssueType, spine_code: str, message: str, headers: Mapping[str, str]
    ) -> Response:
        """Give the answer."""
        ...


@dataclass(frozen=True, slots=True)
class Activation:
    """A rule that fires: `draw` gives a number from 0 up to 1 for a purpose, the same in every run."""

    rule_id: str
    draw: Callable[[str], float]


@dataclass(slots=True)
class FaultContext:
    """One exchange, as effects see it.

    An effect may put another `registrar` in place (with another clock), or say how long a token shall be good for.
    `longest_s` bounds every wait.
    """

    request: Request
    service: RegistryService
    refuse: Refuse
    sleep: Sleep
    longest_s: float
    token_lifetime_s: int | None = None


class Effect:
    """The base of all effects; each of its methods is a point at which one may act, and does nothing here.

    Attributes:
        word: how a rule names it.
        terminal: whether it takes the answer's place, or ends the connection; a rule has one at most.
        cuts_answer: whether such a terminal wants the interaction's own answer, where nothing is written by it.
        early: whether it acts before what else acts before the interaction.
        only: the interactions that it is for; empty for all.
        short: an example of its short form, for the documentation.
    """

    __slots__ = ()

    word: ClassVar[str] = ""
    terminal: ClassVar[bool] = False
    cuts_answer: ClassVar[bool] = False
    early: ClassVar[bool] = False
    only: ClassVar[frozenset[str]] = frozenset()
    short: ClassVar[str] = ""

    def joined_with(self, lower: Self) -> Self:
        """Give what is in force where a rule of lower precedence has the same effect: this one."""
        del lower
        return self

    async def before(self, context: FaultContext, activation: Activation) -> None:
        """Act before the interaction does."""

    def answer(self, context: FaultContext, activation: Activation) -> Response:
        """Give what a terminal answers, or what it ends the connection instead of."""
        message = f"Injected by the fault '{activation.rule_id}'."
        return context.refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "exception", "INTERNAL_SERVER_ERROR", message, {})

    def after(self, context: FaultContext, response: Response) -> Response:
        """Change the answer of the interaction, or give another."""
        del context
        return response

    def encoded(self, body: bytes) -> bytes:
        """Change the bytes of the body, before any content-coding."""
        return body

    def finish(self, response: Response) -> None:
        """Change the answer last of all, once it wears what every answer wears."""

    def paced(self, wire: Wire, sleep: Sleep, longest_s: float) -> Wire:
        """Give a wire that sends at another pace."""
        del sleep, longest_s
        return wire

    async def deliver(self, response: Response, wire: Wire, sleep: Sleep, longest_s: float) -> None:
        """End the exchange on the wire, as a terminal."""

    @classmethod
    def from_text(cls, text: str) -> Any | None:
        """Give the JSON value that the short form's text stands for, where it is more than one plain value."""
        del text
        return None


def acts(effect: Effect, point: str) -> bool:
    """Whether an effect does anything at a point: one of the methods of `Effect`."""
    return getattr(type(effect), point) is not getattr(Effect, point)


@cache
def vocabulary() -> dict[str, type[Effect]]:
    """Give every effect that a module of `effects/` declares, by its word."""
    package = import_module("registry_sandbox.faults.effects")
    modules = [import_module(f"{package.__name__}.{each.name}") for each in iter_modules(package.__path__)]
    declared = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    effects = {each for each in declared if issubclass(each, Effect) and each.word}
    return {each.word: each for each in sorted(effects, key=lambda each: each.word)}


def is_flat(effect: type[Effect]) -> bool:
    """Whether the effect's fields are keys of `then` themselves: so where the first is called as the effect is."""
    known = members(effect)
    return bool(known) and known[0].name == effect.word


def is_bare(effect: type[Effect]) -> bool:
    """Whether the effect has no settings: such a terminal is a word of `wire`."""
    return not members(effect)
