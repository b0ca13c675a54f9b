"""The parts that all workspaces of a sandbox share, and the workspaces made of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from registry_sandbox import shipped
from registry_sandbox.auth.credentials import Credentials
from registry_sandbox.faults.configured import configured, require_one_id_each
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.live_rule import Source
from registry_sandbox.faults.rule import Rule
from registry_sandbox.faults.variations.stored import planted_in_half
from registry_sandbox.fhir import json
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.reading.codec import Codec, shared_codec
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.seed_loader import Progress, SeedLoader, unchanged
from registry_sandbox.registry.seeds import seeds_at
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.start import SeededStart
from registry_sandbox.registry.store import Registry
from registry_sandbox.registry.tally import Tally
from registry_sandbox.rules import Strictness
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.runtime.rate_limiter import RateLimiter
from registry_sandbox.runtime.workers import Workers
from registry_sandbox.settings import Settings
from registry_sandbox.validation.profiles import Profiles, shared_profiles
from registry_sandbox.workspace import Beginning, State, Workspace
from registry_sandbox.workspaces import Wanted

if TYPE_CHECKING:
    from registry_sandbox.app.replication import Replication

Configured = Mapping[Source, Sequence[Rule]]


@dataclass
class Parts:
    """What workspaces share: readers, profiles, threads, the seeds and the rules of the start, the signing key.

    Attributes:
        settings: the operator's choices.
        wall: the machine's clock, in seconds since the epoch.
        random_streams: of the workspace without a name; their seed is that of every workspace without one of its own.
        credentials: likewise.
        state: what `--state` says: every workspace begins with it.
        replication: what makes the sandbox a replica; None for a sandbox alone.
    """

    settings: Settings
    wall: Callable[[], float]
    random_streams: RandomStreams
    credentials: Credentials
    state: State | None = None
    replication: "Replication | None" = None
    _known_stories: dict[bytes, Resource] = field(default_factory=dict)
    _tally: Tally = field(default_factory=Tally)

    @cached_property
    def profiles(self) -> Profiles:
        """The profiles, compiled once; where a user adds none, for all sandboxes of the process."""
        return Profiles.load(self.settings.profiles) if self.settings.profiles else shared_profiles()

    @cached_property
    def codec(self) -> Codec:
        """The readers and writers."""
        return shared_codec()

    @cached_property
    def workers(self) -> Workers:
        """The threads."""
        return Workers()

    @cached_property
    def seeds(self) -> SeededStart:
        """The appointments of the start."""
        settings = self.settings
        if settings.no_seed_data:
            return SeededStart([])
        paths: Sequence[Path] = settings.seed_data or [shipped("seed_data")]
        return SeededStart(seeds_at(paths))

    @cached_property
    def faults(self) -> Configured:
        """The rules of the start."""
        settings = self.settings
        sentinels = not settings.no_sentinels
        return dict(configured(settings.fault, settings.fault_file, sentinels=sentinels, vary=settings.vary))

    def first_workspace(self, progress: Progress) -> Workspace:
        """Return the workspace without a name; `progress` is told how many of its seeds have been validated.

        Raises:
            BadFault, BadSeed, BadState, UnusableDefinition: a rule or a file that was given cannot be used.
        """
        workspace = self._workspace(Wanted(), self.random_streams, self.credentials)
        file = self.settings.state
        if file is None:
            self.seeds.load(workspace.seed_loader, progress)
            return workspace
        from registry_sandbox.state.reading import read_file  # only where a sandbox starts from a file

        self.state = read_file(file, workspace)
        workspace = self._workspace(Wanted(state=self.state), self.random_streams, self.credentials)
        workspace.begin()
        return workspace

    def workspace(self, mount: str, wanted: Wanted) -> Workspace:
        """Return a workspace that is reached by this path, such as `/w/NAME`.

        Raises:
            BadFault, BadSeed: a rule or a seed cannot be used.
        """
        if wanted.state is None:
            wanted = replace(wanted, state=self.state)
        streams = RandomStreams(self.random_streams.seed if wanted.random_seed is None else wanted.random_seed)
        own_streams = streams if self.replication is None else self.replication.own_streams
        credentials = self.credentials.of_another(own_streams.stream("token claims").randbytes, mount)
        workspace = self._workspace(wanted, streams, credentials, mount.rpartition("/")[2])
        if not wanted.bare:
            workspace.begin(with_seeds=not wanted.seeds)
        return workspace

    def _workspace(self, wanted: Wanted, streams: RandomStreams, credentials: Credentials, name: str = "") -> Workspace:
        settings, seed = self.settings, streams.seed
        service = self._service(self._clock(wanted), streams.ids("logical ids"))
        change = planted_in_half(seed) if settings.vary else unchanged
        shared = None
        if self.replication is not None:
            shared = self.replication.state.share(name, service, settings.journal_size, self._tally)
        workspace = Workspace(
            service if shared is None else shared.service_of_interactions(),
            SeedLoader(service, partial(streams.ids_from_the_start, "ids of seeds"), change, known=self._known_stories),
            FaultEngine(seed, service.clock, self._faults(wanted)),
            Journal(service.clock, settings.journal_size, tally=self._tally) if shared is None else shared.journal,
            credentials,
            streams,
            self._beginning(wanted),
            None if settings.rate_limit is None else RateLimiter(settings.rate_limit, service.clock),
        )
        if shared is not None:
            shared.workspace = workspace
        return workspace

    def _beginning(self, wanted: Wanted) -> Beginning:
        """Return what fills a new workspace: seeds, or a state without the parts that are given beside it."""
        seeds = None if wanted.state is not None and wanted.seeds is None else self._seeds(wanted)
        state = wanted.state and replace(
            wanted.state,
            contents=None if seeds is not None else wanted.state.contents,
            clock=None if wanted.clock is not None or wanted.frozen is not None else wanted.state.clock,
            faults=None if wanted.faults is not None else wanted.state.faults,
            random=None if wanted.random_seed is not None else wanted.state.random,
        )
        if wanted.random_seed is not None and state is not None and state.faults is not None:
            state = replace(state, faults=replace(state.faults, seed=wanted.random_seed))
        return Beginning(seeds, state)

    def _seeds(self, wanted: Wanted) -> SeededStart:
        return self.seeds if wanted.seeds is None else SeededStart(wanted.seeds)

    def _clock(self, wanted: Wanted) -> Clock:
        settings = self.settings
        start = settings.clock if wanted.clock is None else wanted.clock
        return Clock(self.wall, start=start, frozen=settings.clock_frozen if wanted.frozen is None else wanted.frozen)

    def _faults(self, wanted: Wanted) -> list[tuple[Source, Sequence[Rule]]]:
        if wanted.faults is None:
            return list(self.faults.items())
        kept: dict[Source, Sequence[Rule]] = {**self.faults, "flag": wanted.faults, "file": ()}
        require_one_id_each(rule for rules in kept.values() for rule in rules)
        return list(kept.items())

    def _service(self, clock: Clock, new_id: Callable[[], str]) -> RegistryService:
        settings = self.settings
        return RegistryService(
            registry=Registry(self.codec.write, json.reparse),
            clock=clock,
            codec=self.codec,
            profiles=self.profiles,
            strictness=self._strictness,
            workers=self.workers,
            new_id=new_id,
            versioned_full_url=settings.full_url == "versioned",
            tokens=settings.auth,
        )

    @cached_property
    def _strictness(self) -> Strictness:
        settings = self.settings
        return Strictness(
            refuse_duplicates=settings.duplicates == "refuse",
            check_digit=settings.check_digit,
            allow_entered_in_error=settings.allow_entered_in_error,
        )
