"""Builds a sandbox from its settings: each part gets values, and none the settings themselves."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from registry_sandbox import shipped
from registry_sandbox.app.sandbox import Sandbox
from registry_sandbox.auth.bad_certificate import BadCertificate
from registry_sandbox.auth.certificates import UnusableCertificates
from registry_sandbox.auth.credentials import Credentials
from registry_sandbox.auth.keys import UnusableKey
from registry_sandbox.auth.tls_faults import TlsFault
from registry_sandbox.auth.verify.verifier import Mode
from registry_sandbox.faults.configured import configured
from registry_sandbox.faults.effect import Sleep
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.fields import BadFault
from registry_sandbox.faults.live_rule import Source
from registry_sandbox.faults.rule import Rule
from registry_sandbox.faults.variations.stored import planted_in_half
from registry_sandbox.fhir import json
from registry_sandbox.reading.codec import Codec
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.seed_loader import Progress, SeedLoader, no_progress, unchanged
from registry_sandbox.registry.seeds import BadSeed, Seed, seeds_at
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.store import Registry
from registry_sandbox.rules import Strictness
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.runtime.rate_limiter import RateLimiter
from registry_sandbox.runtime.waits import Waits
from registry_sandbox.runtime.workers import Workers
from registry_sandbox.settings import Settings
from registry_sandbox.validation.conformance import UnusableDefinition
from registry_sandbox.validation.profiles import Profiles
from registry_sandbox.workspace import Workspace

REFUSALS = (BadFault, BadSeed, UnusableDefinition, UnusableKey, UnusableCertificates)
"""What stops the start, because a file that was given cannot be used."""


def build(
    settings: Settings,
    *,
    wall: Callable[[], float] = time.time,
    sleep: Sleep = asyncio.sleep,
    progress: Progress = no_progress,
) -> Sandbox:
    """Build a sandbox from its settings; `wall` is the machine's clock, `sleep` how injected delays wait.

    `progress` is called with the number of seeds that have been validated.

    Raises:
        BadFault, BadSeed, UnusableDefinition, UnusableKey, UnusableCertificates: a file or a rule that was given cannot
            be used; the message names it.
    """
    seed = settings.random_seed if settings.random_seed is not None else random.SystemRandom().randrange(10**9)
    random_streams = RandomStreams(seed)
    credentials = _credentials(settings, random_streams.stream("token claims").randbytes)
    preparing = credentials.prepare()  # while the profiles and the seeds are loaded
    service = _service(settings, wall, random_streams)
    engine = FaultEngine(seed, service.clock, _faults(settings))
    noted = Journal(service.clock, settings.journal_size)
    limiter = None if settings.rate_limit is None else RateLimiter(settings.rate_limit, service.clock)

    def restart() -> None:
        random_streams.reset()
        credentials.reset()

    workspace = Workspace(
        service,
        SeedLoader(
            service,
            partial(random_streams.ids_from_the_start, "ids of seeds"),
            planted_in_half(seed) if settings.vary else unchanged,
        ),
        engine,
        noted,
        _seeds(settings),
        restart,
        limiter,
        None if settings.tls_fault is None else BadCertificate(cast("TlsFault", settings.tls_fault)),
    )
    workspace.seed_loader.load(workspace.seeds, progress)
    return Sandbox(settings, random_streams, workspace, credentials, Waits(sleep), preparing)


def _service(settings: Settings, wall: Callable[[], float], random_streams: RandomStreams) -> RegistryService:
    codec, profiles = Codec(), Profiles.load(settings.profiles)
    return RegistryService(
        registry=Registry(codec.write, json.reparse),
        clock=Clock(wall, start=settings.clock, frozen=settings.clock_frozen),
        codec=codec,
        profiles=profiles,
        strictness=Strictness(
            refuse_duplicates=settings.duplicates == "refuse",
            check_digit=settings.check_digit,
            allow_entered_in_error=settings.allow_entered_in_error,
        ),
        workers=Workers(),
        new_id=random_streams.ids("logical ids"),
        versioned_full_url=settings.full_url == "versioned",
        tokens=settings.auth,
    )


def _credentials(settings: Settings, random_bytes: Callable[[int], bytes]) -> Credentials:
    return Credentials(
        random_bytes=random_bytes,
        mode=cast("Mode", settings.auth),
        leeway_s=settings.token_leeway,
        issuer_name=settings.issuer,
        audience=settings.audience,
        jwks=settings.jwks,
        signing_key_file=settings.signing_key,
    )


def _faults(settings: Settings) -> list[tuple[Source, Sequence[Rule]]]:
    return configured(settings.fault, settings.fault_file, sentinels=not settings.no_sentinels, vary=settings.vary)


def _seeds(settings: Settings) -> list[Seed]:
    if settings.no_seed_data:
        return []
    paths: Sequence[Path] = settings.seed_data or [shipped("seed_data")]
    return seeds_at(paths)


def token_signed_here(signing_key: Path, audience: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return a test token without asking a server, signed with the key that the server uses.

    Raises:
        UnusableKey, UnreadableTokenSpec: the file cannot be used, or a parameter cannot be read.
    """
    credentials = Credentials(random_bytes=random.SystemRandom().randbytes, signing_key_file=signing_key)
    return credentials.make_token(audience, parameters, time.time())
