"""Builds a sandbox from its settings: each part gets values, and none the settings themselves."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

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
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.runtime.waits import Waits
from registry_sandbox.settings import Settings
from registry_sandbox.state import BadState
from registry_sandbox.validation.conformance import UnusableDefinition

REFUSALS = (BadFault, BadSeed, BadState, UnusableDefinition, UnusableKey, UnusableCertificates)
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
        BadFault, BadSeed, BadState, UnusableDefinition, UnusableKey, UnusableCertificates: a file or a rule that was
            given cannot be used; the message names it.
    """
    seed = settings.random_seed if settings.random_seed is not None else random.SystemRandom().randrange(10**9)
    streams = RandomStreams(seed)
    credentials = Credentials(
        random_bytes=streams.stream("token claims").randbytes,
        mode=cast("Mode", settings.auth),
        leeway_s=settings.token_leeway,
        issuer_name=settings.issuer,
        audience=settings.audience,
        jwks=settings.jwks,
        signing_key_file=settings.signing_key,
    )
    preparing = credentials.prepare()  # while the profiles and the seeds are loaded
    parts = Parts(settings, wall, streams, credentials)
    workspace = parts.first_workspace(progress)
    if settings.tls_fault is not None:  # the port's: what is told of it is told in the first workspace
        workspace.bad_certificate = BadCertificate(cast("TlsFault", settings.tls_fault))
    return Sandbox(settings, parts, workspace, Waits(sleep), preparing)


def token_signed_here(signing_key: Path, audience: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return a test token without asking a server, signed with the key that the server uses.

    Raises:
        UnusableKey, UnreadableTokenSpec: the file cannot be used, or a parameter cannot be read.
    """
    credentials = Credentials(random_bytes=random.SystemRandom().randbytes, signing_key_file=signing_key)
    return credentials.make_token(audience, parameters, time.time())
