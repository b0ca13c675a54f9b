"""A tenant: one registry with all that surrounds it. Many can live in one process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.faults.plan import Plan
from sandbox.journal import Journal
from sandbox.planting import Planter
from sandbox.registrar import Registrar
from sandbox.seed import Seed


@dataclass(slots=True)
class Tenant:
    """A registrar, the faults it meets, the journal of its exchanges, and what it started with.

    `restart` begins the dice again.
    """

    registrar: Registrar
    planter: Planter
    plan: Plan
    journal: Journal
    seeds: Sequence[Seed]
    restart: Callable[[], None]

    def reset(self) -> None:
        """Return to the state at the start; relative dates of the seeds are counted anew."""
        self.restart()
        self.registrar.clock.reset()
        self.registrar.registry.clear()
        self.plan.reset()
        self.journal.clear()
        self.planter.plant(self.seeds)
