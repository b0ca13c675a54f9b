"""A workspace: one registry with all that surrounds it. Many can live in one process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.seed_loader import SeedLoader
from registry_sandbox.registry.seeds import Seed
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.runtime.broadcast import Broadcast
from registry_sandbox.runtime.rate_limiter import RateLimiter


@dataclass(slots=True)
class Workspace:
    """A service, the faults it meets, the journal of its exchanges, and what it started with.

    `restart` begins the random streams again; `events` tells those who follow what happens.
    """

    service: RegistryService
    seed_loader: SeedLoader
    engine: FaultEngine
    journal: Journal
    seeds: Sequence[Seed]
    restart: Callable[[], None]
    limiter: RateLimiter | None = None
    events: Broadcast = field(default_factory=Broadcast)

    def reset(self) -> None:
        """Return to the state at the start; relative dates of the seeds are computed again.

        Every exchange under way is ended first, so that none writes into the new state or appears in the new journal.
        """
        self.journal.end_all()
        self.restart()
        self.service.clock.reset()
        self.service.registry.clear()
        self.engine.reset()
        self.journal.clear()
        if self.limiter is not None:
            self.limiter.clear()
        self.seed_loader.load(self.seeds)
