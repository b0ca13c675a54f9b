"""A workspace: one registry with all that surrounds it. Many can live in one process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from registry_sandbox.auth.bad_certificate import BadCertificate
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.seed_loader import SeedLoader
from registry_sandbox.registry.seeds import Seed
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.runtime.broadcast import Broadcast
from registry_sandbox.runtime.rate_limiter import RateLimiter
from registry_sandbox.runtime.slices import unhurried
from registry_sandbox.verdict.attestations import Attestations
from registry_sandbox.verdict.steering import Steering


@dataclass(slots=True)
class Workspace:
    """A service, the faults it meets, the journal of its exchanges, and what it started with.

    `restart` begins the random streams again; `events` tells those who follow what happens. `attestations` and
    `steering` are for the verdict on clients: what people said of them, and what was done to the sandbox meanwhile.
    `bad_certificate` is None unless the server's certificate is bad on purpose.
    """

    service: RegistryService
    seed_loader: SeedLoader
    engine: FaultEngine
    journal: Journal
    seeds: Sequence[Seed]
    restart: Callable[[], None]
    limiter: RateLimiter | None = None
    bad_certificate: BadCertificate | None = None
    events: Broadcast = field(default_factory=Broadcast)
    attestations: Attestations = field(default_factory=Attestations)
    steering: Steering = field(init=False)

    def __post_init__(self) -> None:
        """Number what is done to the sandbox by the journal."""
        self.steering = Steering(self.journal)

    async def reset(self) -> None:
        """Return to the state at the start; relative dates of the seeds are computed again.

        The seeds are read first. Then, in one step, every exchange under way is ended, so that none writes into the new
        state or appears in the new journal, and the new state is there. Until then the old state answers.

        Raises:
            WorkersBusy: too many others wait for a thread (503); nothing was reset.
        """
        service = self.service
        registry = await self.seed_loader.filled(self.seeds, service.clock.at_start())
        self.journal.end_all()
        self.restart()
        service.clock.reset()
        service.registry.exchange_contents(registry)
        self.engine.reset()
        self.journal.clear()
        self.attestations.clear()
        if self.limiter is not None:
            self.limiter.clear()
        if self.bad_certificate is not None:
            self.bad_certificate.clear()
        async for _ in unhurried(registry.removing()):
            pass
