"""A whole service: replicas behind a balancer, with a store that they share, or with nothing that they share."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.replicas.exchange import HOST
from tests.replicas.processes import Process, balancer, replica, store

WITHOUT_SEEDS = ("--no-seed-data", "--journal-size", "1000")
"""Settings of a registry that holds only what its clients register."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What runs, and where clients find it."""

    store: Process | None
    replicas: Sequence[Process]
    balancer: Process

    @property
    def port(self) -> int:
        """Where clients call."""
        return self.balancer.port

    async def start(self) -> None:
        """Start everything, the store first; return when all answer."""
        if self.store:
            await asyncio.to_thread(self.store.start)
        for each in self.replicas:
            await asyncio.to_thread(each.start)
        await asyncio.to_thread(self.balancer.start)

    async def stop(self) -> None:
        """Stop everything, the store last."""
        for each in (self.balancer, *self.replicas, *([self.store] if self.store else [])):
            await asyncio.to_thread(each.stop)


def with_store(folder: Path, replicas: int, *settings: str) -> Cluster:
    """Return replicas that share a store."""
    shared = store(folder)
    arguments = ("--store", f"valkey://{HOST}:{shared.port}/0", *settings)
    started = [replica(number + 1, folder, arguments) for number in range(replicas)]
    return Cluster(shared, started, balancer(started, folder))


def with_workers(folder: Path, workers: int, *settings: str) -> Cluster:
    """Return one process whose workers share a port and a store; for the balancer it has three names."""
    shared = store(folder)
    arguments = ("--store", f"valkey://{HOST}:{shared.port}/0", "--workers", f"{workers}", *settings)
    started = [replica(1, folder, arguments)]
    return Cluster(shared, started, balancer(started, folder))


def without_store(folder: Path, replicas: int, *settings: str) -> Cluster:
    """Return processes that take each other's tokens, and share nothing else."""
    key = folder / "key.pem"
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    started = [replica(number + 1, folder, ("--signing-key", f"{key}", *settings)) for number in range(replicas)]
    return Cluster(None, started, balancer(started, folder))
