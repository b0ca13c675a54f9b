"""Which replica answered which request, as the balancer's log has it: clients must not stick to one."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

_LINE = re.compile(r"^(?P<client>[\d.]+:\d+) \[[^]]+\] registry \w+/(?P<server>\w+) ", re.MULTILINE)
_ENOUGH = 30
"""Requests on one connection after which it has met every replica that is there, whatever the others did meanwhile."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How the requests were spread.

    Attributes:
        requests: how many each replica had, by its name in the balancer's file.
        connections: how many connections had enough requests to say something.
        stuck: how many of them met one replica alone.
    """

    requests: Mapping[str, int]
    connections: int
    stuck: int


def spread(log: str) -> Spread:
    """Read a log of the balancer."""
    servers: dict[str, Counter[str]] = defaultdict(Counter)
    for line in _LINE.finditer(log):
        servers[line["client"]][line["server"]] += 1
    kept = [each for each in servers.values() if each.total() >= _ENOUGH]
    total = sum(servers.values(), Counter[str]())
    return Spread(dict(sorted(total.items())), len(kept), sum(len(each) == 1 for each in kept))
