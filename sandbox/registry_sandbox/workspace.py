"""A workspace: one registry with all that surrounds it. Many can live in one process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from registry_sandbox.auth.credentials import Credentials, KeyState
from registry_sandbox.faults.engine import EngineState, FaultEngine
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.seed_loader import SeedLoader
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.store import Contents
from registry_sandbox.runtime.broadcast import Broadcast
from registry_sandbox.runtime.clock import Reading
from registry_sandbox.runtime.random_streams import Position, RandomStreams
from registry_sandbox.runtime.rate_limiter import RateLimiter


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


@dataclass(slots=True)
class Workspace:
    """A service, the faults it meets, the journal of its exchanges, its keys, and what it started with.

    Attributes:
        begin: puts what the workspace starts with into its empty registry.
        random_streams: where its ids, its tokens and its draws come from.
        events: tells those who follow what happens.
        snapshots: states that were kept, by name; a reset leaves them.
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
    snapshots: dict[str, State] = field(default_factory=dict)

    @property
    def in_use(self) -> bool:
        """Whether an exchange is under way, or somebody follows what happens."""
        return self.journal.waits or self.events.watched

    def reset(self) -> None:
        """Return to the state at the start; relative dates of the seeds are computed again.

        Every exchange under way is ended first, so that none writes into the new state or appears in the new journal.
        """
        self._empty()
        self.begin(self)

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
        """Be what a workspace was, with an empty journal; every exchange under way is ended first, as by a reset."""
        self._empty()
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
        self.journal.end_all()
        self.random_streams.reset()
        self.credentials.reset()
        self.service.clock.reset()
        self.service.registry.clear()
        self.engine.reset()
        self.journal.clear()
        if self.limiter is not None:
            self.limiter.clear()

    def close(self) -> None:
        """End every exchange under way, whoever follows, and what is held: nobody uses the workspace any more."""
        self.events.close()
        self.engine.holdings.break_off()
        self.journal.end_all()
