"""A tenant: one registry with all that surrounds it. Many can live in one process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from registry_sandbox.faults.engine import Plan
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.seed_loader import Planter
from registry_sandbox.registry.seeds import Seed
from registry_sandbox.registry.service import Registrar


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
