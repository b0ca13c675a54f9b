"""A workspace: one registry with all that surrounds it. Many can live in one process."""

from collections.abc import Callable
from dataclasses import dataclass, field

from registry_sandbox.auth.credentials import Credentials
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.seed_loader import SeedLoader
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.runtime.broadcast import Broadcast
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.runtime.rate_limiter import RateLimiter


@dataclass(slots=True)
class Workspace:
    """A service, the faults it meets, the journal of its exchanges, its keys, and what it started with.

    Attributes:
        begin: puts what the workspace starts with into its empty registry.
        random_streams: where its ids, its tokens and its draws come from.
        events: tells those who follow what happens.
    """

    service: RegistryService
    seed_loader: SeedLoader
    engine: FaultEngine
    journal: Journal
    credentials: Credentials
    random_streams: RandomStreams
    begin: Callable[["Workspace"], None]
    limiter: RateLimiter | None = None
    events: Broadcast = field(default_factory=Broadcast)

    @property
    def in_use(self) -> bool:
        """Whether an exchange is under way, or somebody follows what happens."""
        return self.journal.waits or self.events.watched

    def reset(self) -> None:
        """Return to the state at the start; relative dates of the seeds are computed again.

        Every exchange under way is ended first, so that none writes into the new state or appears in the new journal.
        """
        self.journal.end_all()
        self.random_streams.reset()
        self.credentials.reset()
        self.service.clock.reset()
        self.service.registry.clear()
        self.engine.reset()
        self.journal.clear()
        if self.limiter is not None:
            self.limiter.clear()
        self.begin(self)

    def close(self) -> None:
        """End every exchange under way, whoever follows, and what is held: nobody uses the workspace any more."""
        self.events.close()
        self.engine.holdings.break_off()
        self.journal.end_all()
