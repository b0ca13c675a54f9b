"""A write that was judged before a reset, and comes to the log after it, is done in no replica."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from registry_sandbox.replication.entry import Entry
from registry_sandbox.replication.store import Proposal
from registry_sandbox.replication.valkey import ValkeyStore
from registry_sandbox.testing import builders
from registry_sandbox.testing.running import RegistrySandbox
from tests.stores import Server

Pair = tuple[RegistrySandbox, RegistrySandbox]


@pytest.fixture(scope="module")
def pair(store: Server) -> Iterator[Pair]:
    """Two replicas without seeds."""
    with (
        RegistrySandbox(store=store.url, no_seed_data=True) as one,
        RegistrySandbox(store=store.url, no_seed_data=True) as other,
    ):
        yield one, other


def register(sandbox: RegistrySandbox) -> None:
    """Register an appointment by FHIR."""
    headers = {"Authorization": f"Bearer {sandbox.token()}"}
    answer = httpx.post(f"{sandbox.base_url}/Appointment", json=builders.appointment(), headers=headers)
    assert answer.status_code == 201, answer.text


async def propose_the_last_register_again(url: str) -> None:
    """Append the newest register of the log once more, as a replica does whose proposal was on its way for long."""
    store = ValkeyStore(url)
    try:
        begun = await store.begin("", b"")
        batch = await store.exchange(begun.identity, begun.position, [])
        last = [entry for _, entry in batch.entries if Entry.of(entry).kind == "create"][-1]
        await store.exchange(begun.identity, begun.position, [Proposal(int(batch.now_ms) + 10_000, last)])
    finally:
        await store.close()


@pytest.mark.parametrize(("resets", "held"), [(0, 2), (1, 0)])
def test_it_is_refused_after_a_reset_alone(pair: Pair, store: Server, resets: int, held: int) -> None:
    """Without a reset it is done, in both; so the entry itself is right."""
    one, other = pair
    one.reset()
    register(one)
    for _ in range(resets):
        other.reset()
    asyncio.run(propose_the_last_register_again(store.url))
    assert [len(each.appointments) for each in pair] == [held, held]
