"""A workspace: one registry with all that surrounds it. Many can live in one process."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_sandbox.auth.bad_certificate import BadCertificate
from registry_sandbox.auth.credentials import Credentials, KeyState
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.engine_state import EngineState
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.seed_loader import SeedLoader
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.start import SeededStart
from registry_sandbox.registry.version import Contents
from registry_sandbox.runtime.broadcast import Broadcast
from registry_sandbox.runtime.clock import Reading
from registry_sandbox.runtime.random_streams import Position, RandomStreams
from registry_sandbox.runtime.rate_limiter import RateLimiter
from registry_sandbox.runtime.slices import unhurried
from registry_sandbox.verdict.attestations import Attestations
from registry_sandbox.verdict.steering import Steering


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that a workspace is at one moment, but for its journal. Nothing in it changes any more.

    What is None is left as it is by whoever takes over the state.
    """

    contents: Contents | None = None
    clock: Reading | None = None
    faults: EngineState | None = None
    random: Position | None = None
    rate_limits: Mapping[str, tuple[float, int]] | None = None
    keys: KeyState | None = None


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a workspace starts with: seeds, a state, or seeds instead of the appointments of a state."""

    seeds: SeededStart | None = None
    state: State | None = None


@dataclass(slots=True)
class Workspace:
    """A service, the faults it meets, the journal of its exchanges, its keys, and what it started with.

    Attributes:
        beginning: what it starts with, and returns to at a reset.
        random_streams: where its ids, its tokens and its draws come from.
        bad_certificate: None unless the server's certificate is bad on purpose.
        events: tells those who follow what happens.
        snapshots: states that were kept, by name; a reset leaves them.
        attestations: for the verdict on clients, what people said of them.
        steering: for the verdict, what was done to the sandbox meanwhile.
    """

    service: RegistryService
    seed_loader: SeedLoader
    engine: FaultEngine
    journal: Journal
    credentials: Credentials
    random_streams: RandomStreams
    beginning: Beginning
    limiter: RateLimiter | None = None
    bad_certificate: BadCertificate | None = None
    events: Broadcast = field(default_factory=Broadcast)
    snapshots: dict[str, State] = field(default_factory=dict)
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
        service, beginning = self.service, self.beginning
        now = service.clock.at_start()
        if beginning.state is not None and beginning.state.clock is not None:
            now = service.clock.at(beginning.state.clock)
        fresh = service.registry.empty()
        if beginning.seeds is not None:
            fresh = await beginning.seeds.filled(self.seed_loader, now)
        self._empty()
        service.registry.exchange_contents(fresh)
        if beginning.state is not None:
            self.take(beginning.state)
        async for _ in unhurried(fresh.removing()):
            pass

    def begin(self, *, with_seeds: bool = True) -> None:
        """Load what it starts with, into a workspace that was just made.

        Raises:
            BadSeed: a seed cannot be used.
        """
        if self.beginning.state is not None:
            self.take(self.beginning.state)
        if self.beginning.seeds is not None and with_seeds:
            self.beginning.seeds.load(self.seed_loader)

    @property
    def in_use(self) -> bool:
        """Whether an exchange is under way, or somebody follows what happens."""
        return self.journal.waits or self.events.watched

    @property
    def state(self) -> State:
        """The state as it is now; it takes no longer where there are many appointments, because they are shared."""
        return State(
            contents=self.service.registry.share(),
            clock=self.service.clock.reading,
            faults=self.engine.state,
            random=self.random_streams.position,
            rate_limits={} if self.limiter is None else self.limiter.windows,
            keys=self.credentials.state,
        )

    def restore(self, state: State) -> None:
        """Return to an earlier state, with an empty journal. Every exchange under way is ended first, as by a reset."""
        self._empty()
        self.service.registry.clear()
        self.take(state)

    def take(self, state: State) -> None:
        """Take over a state, in a workspace that has just begun."""
        if state.clock is not None:  # first: the rules are put in force at an instant
            self.service.clock.resume(state.clock)
        if state.contents is not None:
            self.service.registry.use(state.contents)
        if state.faults is not None:
            self.engine.resume(state.faults)
        if state.random is not None:
            self.random_streams.resume(state.random)
        if state.rate_limits is not None and self.limiter is not None:
            self.limiter.resume(state.rate_limits)
        self.credentials.resume(state.keys)

    def _empty(self) -> None:
        """Forget all but the appointments."""
        self.journal.end_all(before_their_turn=False)
        self.random_streams.reset()
        self.credentials.reset()
        self.service.clock.reset()
        self.engine.reset()
        self.journal.clear()
        self.attestations.clear()
        if self.limiter is not None:
            self.limiter.clear()
        if self.bad_certificate is not None:
            self.bad_certificate.clear()

    def close(self) -> None:
        """End every exchange under way, whoever follows, and what is held: nobody uses the workspace any more."""
        self.events.close()
        self.engine.holdings.break_off()
        self.journal.end_all()
        self.journal.clear()  # so that the tally has what was in it
