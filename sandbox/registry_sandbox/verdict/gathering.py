"""Gathers the evidence: what the journal, the store and the fault engine have, copied in slices on the event loop.

Values are made of the copy in a thread.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from registry_sandbox.auth.bad_certificate import BadCertificate
from registry_sandbox.faults.effects.status import Status
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.live_rule import LiveRule
from registry_sandbox.faults.match import TOKEN
from registry_sandbox.reading.codec import Codec
from registry_sandbox.registry.batch import Kept
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.store import Registry
from registry_sandbox.registry.version import Version
from registry_sandbox.verdict.bodies import Bodies
from registry_sandbox.verdict.evidence import Evidence, Unfired
from registry_sandbox.verdict.seen import Seen
from registry_sandbox.verdict.steering import Steering, Step
from registry_sandbox.verdict.tokens import Tokens

_SLICE: Final = 500
_NOT_SET: Final = frozenset({"sentinel", "setting"})


@dataclass(frozen=True, slots=True)
class Gathered:
    """A copy of what there is to judge, that does not change any more.

    Attributes:
        kept: the exchanges.
        versions: of the appointments that the exchanges name.
        unfired: the faults that were set and have not fired.
        steps: what was done to the sandbox.
        codec: reads bodies.
        turned_away: how many connections ended without a request, because of a bad certificate.
    """

    kept: Kept
    versions: Mapping[str, Sequence[Version]]
    unfired: Sequence[Unfired]
    steps: Sequence[Step]
    codec: Codec = field(repr=False)
    turned_away: int = 0

    def evidence(self, *, told: frozenset[str] = frozenset(), runs: tuple[int, ...] = ()) -> Evidence:
        """Return the evidence; this may be called in a thread."""
        seen = seen_of(self.kept.exchanges(), Bodies(self.codec))
        dropped, turned_away = self.kept.dropped, self.turned_away
        return Evidence(seen, self.versions, self.steps, self.unfired, dropped, told, runs, turned_away)


async def gather(  # noqa: PLR0913, PLR0917 - what a workspace has
    journal: Journal,
    registry: Registry,
    engine: FaultEngine,
    steering: Steering,
    codec: Codec,
    bad_certificate: BadCertificate | None = None,
) -> Gathered:
    """Return a copy of the evidence. It is of one moment: a reset while it is taken begins it anew."""
    while True:
        kept, unfired, steps = journal.kept(), unfired_of(engine), steering.steps()
        versions: dict[str, Sequence[Version]] = {}
        for at, logical_id in enumerate(kept.logical_ids()):
            if logical_id and logical_id not in versions and logical_id in registry:
                versions[logical_id] = tuple(registry.history(logical_id))
            if at % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
        if kept.generation == journal.generation:
            turned_away = 0 if bad_certificate is None else bad_certificate.turned_away
            return Gathered(kept, versions, unfired, steps, codec, turned_away)


def unfired_of(rules: Iterable[LiveRule]) -> list[Unfired]:
    """Return the faults that were set and have not fired."""
    waiting = (live for live in rules if live.source not in _NOT_SET and not live.fired)
    return [_unfired(live) for live in waiting]


def _unfired(live: LiveRule) -> Unfired:
    effects = live.rule.then.effects
    status = next((each.status for each in effects if isinstance(each, Status)), None)
    words = frozenset(each.word for each in effects)
    return Unfired(live.rule.id, live.interactions, words, status, live.rule.when.times)


def seen_of(exchanges: Iterable[Exchange], bodies: Bodies) -> tuple[Seen, ...]:
    """Return exchanges as the rules see them."""
    tokens = Tokens()
    return tuple(_seen(each, bodies, tokens) for each in exchanges)


def _seen(exchange: Exchange, bodies: Bodies, tokens: Tokens) -> Seen:
    request, response = exchange.request, exchange.response
    if request.interaction == TOKEN:
        answered = response is not None and exchange.status == 200  # noqa: PLR2004 - the success of RFC 6749
        issued = tokens.of_answer(response.body) if answered and response is not None else None
        return Seen(exchange, request.client.name, None, issued, bodies)
    token = tokens.of_header(request.headers.get("Authorization", ""))
    return Seen(exchange, request.client.name or (token.client if token else ""), token, None, bodies)
