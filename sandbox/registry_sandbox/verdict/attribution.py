"""Whose exchanges they are: by the client of the token, else by the `User-Agent` that its other requests have."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.evidence import Evidence
from registry_sandbox.verdict.seen import Seen


@dataclass(frozen=True)
class Client:
    """One client with its exchanges, read in the two ways that they may be.

    Attributes:
        name: of the token's client, or its `User-Agent`.
        together: all exchanges as those of one program.
        apart: those of each `User-Agent` by themselves; empty where there is one alone.
    """

    name: str
    together: Conversation
    apart: Sequence[Conversation] = ()

    @cached_property
    def agents(self) -> tuple[str, ...]:
        """The `User-Agent` of each program that may be behind the name."""
        return tuple(dict.fromkeys(_agent(each) for each in self.together.exchanges if each.token is not None))


def clients(evidence: Evidence) -> list[Client]:
    """Return the clients, in the order in which they came."""
    of_agent: dict[str, set[str]] = {}
    for each in evidence.exchanges:
        if each.client:
            of_agent.setdefault(_agent(each), set()).add(each.client)
    by_name: dict[str, list[Seen]] = {}
    for each in evidence.exchanges:
        by_name.setdefault(each.client or _named_by_agent(each, of_agent), []).append(each)
    return [_client(name, exchanges, evidence) for name, exchanges in by_name.items()]


def _named_by_agent(each: Seen, of_agent: dict[str, set[str]]) -> str:
    agent = _agent(each)
    named = of_agent.get(agent, set())
    return next(iter(named)) if len(named) == 1 else agent


def _client(name: str, exchanges: Sequence[Seen], evidence: Evidence) -> Client:
    client = Client(name, Conversation(name, exchanges, evidence))
    if len(client.agents) <= 1:
        return client
    owner = {each.token.digest: _agent(each) for each in exchanges if each.token is not None}
    by_agent: dict[str, list[Seen]] = {}
    for each in exchanges:
        # A token is asked for by whoever uses it, whatever library it asks with.
        agent = owner.get(each.issued.digest, _agent(each)) if each.issued is not None else _agent(each)
        by_agent.setdefault(agent, []).append(each)
    return Client(name, client.together, _conversations(name, by_agent.values(), evidence))


def _conversations(name: str, groups: Iterable[Sequence[Seen]], evidence: Evidence) -> list[Conversation]:
    return [Conversation(name, group, evidence) for group in groups]


def _agent(each: Seen) -> str:
    return each.header("User-Agent")
