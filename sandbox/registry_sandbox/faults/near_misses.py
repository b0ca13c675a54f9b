"""Why a rule did not fire: the last exchanges that nearly matched, and the key that did not.

The engine keeps the exchanges that matched without the rule firing. All others it never looks at: they are found in the
journal when somebody asks, so that they cost an exchange nothing.
"""

from collections.abc import Iterable
from typing import Final

from registry_sandbox.faults.live_rule import NEAR_MISSES, LiveRule, NearMiss
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.patients import patients_of
from registry_sandbox.http.request import Request
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.registry.service import RegistryService

_MAX_EXCHANGES: Final = 200
_REFUSED_BEFORE: Final = frozenset({403, 405, 406, 413, 415, 429})


async def near_misses(live: LiveRule, exchanges: Iterable[Exchange], service: RegistryService) -> list[NearMiss]:
    """Return the last ten near misses of a rule, oldest first.

    Args:
        live: the rule.
        exchanges: the journal, oldest first; the last 200 are looked at.
        service: reads the patients of an exchange.
    """
    found = list(live.near_misses)
    for exchange in list(exchanges)[-_MAX_EXCHANGES:]:
        if exchange.at_s >= live.since_s:
            found += await _near_misses_of(live, exchange, service)
    return sorted(found, key=lambda each: each.at_s)[-NEAR_MISSES:]


async def _near_misses_of(live: LiveRule, exchange: Exchange, service: RegistryService) -> list[NearMiss]:
    facts = await _facts_of(exchange.request, live, service)
    unmet = live.rule.match.unmet(facts)
    if not unmet and exchange.status in _REFUSED_BEFORE and exchange.request.injected is None:
        unmet = [f"refused with {exchange.status} before faults are decided"]
    return [NearMiss(exchange.at_s, facts, unmet[0])] if len(unmet) == 1 else []


async def _facts_of(request: Request, live: LiveRule, service: RegistryService) -> Facts:
    patients = () if live.rule.match.patient is None else await patients_of(request, service)
    return Facts(request.interaction, request.logical_id, request.client.name, request.headers, patients)
