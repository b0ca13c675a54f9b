"""A tenant: one registry with all that surrounds it. Many can live in one process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.registrar import Registrar
from sandbox.seed import Seed, plant


@dataclass(slots=True)
class Tenant:
    """A registrar and what it started with; `restart` begins the dice again."""

    registrar: Registrar
    seeds: Sequence[Seed]
    restart: Callable[[], None]

    def reset(self) -> None:
        """Return to the state at the start; relative dates of the seeds are counted anew."""
        self.restart()
        self.registrar.clock.reset()
        self.registrar.registry.clear()
        plant(self.registrar, self.seeds)
