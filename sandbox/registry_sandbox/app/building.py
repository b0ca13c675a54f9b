"""Builds a sandbox from its settings: each part gets values, and none the settings themselves."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, cast

from registry_sandbox.app.other_start import OtherStart
from registry_sandbox.app.parts import Parts
from registry_sandbox.app.sandbox import Sandbox
from registry_sandbox.auth.bad_certificate import BadCertificate
from registry_sandbox.auth.certificates import UnusableCertificates
from registry_sandbox.auth.credentials import Credentials
from registry_sandbox.auth.keys import UnusableKey
from registry_sandbox.auth.tls_faults import TlsFault
from registry_sandbox.auth.verify.verifier import Mode
from registry_sandbox.faults.effect import Sleep
from registry_sandbox.faults.fields import BadFault
from registry_sandbox.registry.seed_loader import Progress, no_progress
from registry_sandbox.registry.seeds import BadSeed
from registry_sandbox.replication.store import Begun, Store, StoreAway
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.runtime.waits import Waits
from registry_sandbox.settings import Settings
from registry_sandbox.state import BadState
from registry_sandbox.validation.conformance import UnusableDefinition
from registry_sandbox.workspace import Workspace

if TYPE_CHECKING:
    from registry_sandbox.app.replication import Replication


class NoClient(Exception):
    """The library that speaks to the store is not installed; the message says how to install it."""


REFUSALS = (
    *(BadFault, BadSeed, BadState, UnusableDefinition, UnusableKey, UnusableCertificates),
    *(StoreAway, OtherStart, NoClient),
)
"""What stops the start, because a file that was given cannot be used, or the store of replicas cannot."""


def build(
    settings: Settings,
    *,
    wall: Callable[[], float] = time.time,
    sleep: Sleep = asyncio.sleep,
    progress: Progress = no_progress,
    make_store: Callable[[], Store] | None = None,
) -> Sandbox:
    """Build a sandbox from its settings; `wall` is the machine's clock, `sleep` how injected delays wait.

    `progress` is called with the number of seeds that have been validated. `make_store` makes the store of replicas, by
    default the one that `--store` names; the clock is the store's then.

    Raises:
        BadFault, BadSeed, BadState, UnusableDefinition, UnusableKey, UnusableCertificates: a file or a rule that was
            given cannot be used; the message names it.
        StoreAway, OtherStart, NoClient: the store cannot be used, or its replicas have other settings.
    """
    if settings.store is not None or make_store is not None:
        return _replica(settings, sleep, progress, make_store or _named_store(settings.store or ""))
    seed = settings.random_seed if settings.random_seed is not None else random.SystemRandom().randrange(10**9)
    streams = RandomStreams(seed)
    parts, workspace, preparing = _made(settings, wall, streams, None, progress)
    if settings.tls_fault is not None:  # the port's: what is told of it is told in the first workspace
        workspace.bad_certificate = BadCertificate(cast("TlsFault", settings.tls_fault))
    return Sandbox(settings, parts, workspace, Waits(sleep), preparing)


def _made(
    settings: Settings,
    wall: Callable[[], float],
    streams: RandomStreams,
    replication: "Replication | None",
    progress: Progress,
) -> tuple[Parts, Workspace, Thread]:
    """Return the parts of a sandbox, its first workspace, and a thread that makes what tokens need."""
    own_streams = streams if replication is None else replication.own_streams
    credentials = Credentials(
        random_bytes=own_streams.stream("token claims").randbytes,
        mode=cast("Mode", settings.auth),
        leeway_s=settings.token_leeway,
        issuer_name=settings.issuer,
        audience=settings.audience,
        jwks=settings.jwks,
        signing_key_file=None if replication else settings.signing_key,
        signing_key=replication.joined.start.key if replication else None,
    )
    preparing = credentials.prepare()  # while the profiles and the seeds are loaded
    parts = Parts(settings, wall, streams, credentials, replication=replication)
    return parts, parts.first_workspace(progress), preparing


def _named_store(url: str) -> Callable[[], Store]:
    try:
        from registry_sandbox.replication.valkey import ValkeyStore
    except ImportError as error:
        raise NoClient("--store needs the extra valkey: pip install 'appointment-registry-sandbox[valkey]'") from error
    return partial(ValkeyStore, url)


def _replica(settings: Settings, sleep: Sleep, progress: Progress, make_store: Callable[[], Store]) -> Sandbox:
    from registry_sandbox.app.replication import Replication
    from registry_sandbox.app.start_of_replicas import join

    replication = Replication(join(settings, make_store))
    made = partial(_made_replica, settings, replication)
    parts, workspace, preparing = made(progress)
    sandbox = Sandbox(settings, parts, workspace, Waits(sleep), preparing, replication=replication)

    async def renew(begun: Begun) -> None:
        replication.begin_anew(settings, begun)
        sandbox.renew(*made(no_progress))

    replication.on_renewal(renew)
    return sandbox


def _made_replica(
    settings: Settings, replication: "Replication", progress: Progress
) -> tuple[Parts, Workspace, Thread]:
    streams = RandomStreams(replication.joined.start.random_seed)
    return _made(settings, replication.wall, streams, replication, progress)


def token_signed_here(signing_key: Path, audience: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return a test token without asking a server, signed with the key that the server uses.

    Raises:
        UnusableKey, UnreadableTokenSpec: the file cannot be used, or a parameter cannot be read.
    """
    credentials = Credentials(random_bytes=random.SystemRandom().randbytes, signing_key_file=signing_key)
    return credentials.make_token(audience, parameters, time.time())
