"""What replicas start with: the first one writes it to the store, and the others are refused if theirs is another."""

import asyncio
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from registry_sandbox import __version__
from registry_sandbox.app.other_start import OtherStart
from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.replication.patience import patiently
from registry_sandbox.replication.store import Begun, Store
from registry_sandbox.settings import Settings, flag_of

OWN: Final = frozenset(
    {
        *("host", "port", "base_url", "trust_forwarded", "tls", "tls_dir", "tls_fault", "control_port"),
        *("control_token", "ready_file", "quiet", "log_format", "verdict_file", "verdict_fail_on", "max_connections"),
        *("request_timeout", "max_body", "random_seed", "signing_key", "store", "workers"),
    }
)
"""The settings in which replicas may differ: they are about the process. Seed and key are compared by themselves."""


@dataclass(frozen=True, slots=True)
class Start:
    """What all replicas have in common from the start.

    Attributes:
        settings: those that decide about the state, as text; of files, what is in them.
        random_seed: of ids and draws.
        signing_key: the built-in issuer's key, in PEM.
    """

    settings: dict[str, str]
    random_seed: int
    signing_key: str

    def encoded(self) -> bytes:
        """Return the bytes of the start."""
        return json.dumps([self.settings, self.random_seed, self.signing_key]).encode()

    @classmethod
    def of(cls, encoded: bytes) -> "Start":
        """Return the start that these bytes are.

        Raises:
            OtherStart: they are none.
        """
        try:
            settings, random_seed, signing_key = json.loads(encoded)
        except ValueError:
            raise OtherStart("the store has the log of something else; expected an empty database") from None
        return cls(settings, random_seed, signing_key)

    @property
    def key(self) -> SigningKey:
        """The built-in issuer's key."""
        return SigningKey.of(self.signing_key.encode())


@dataclass(frozen=True, slots=True)
class Joined:
    """A log that was found, or begun: what a replica starts with."""

    make_store: Callable[[], Store]
    begun: Begun
    start: Start


def join(settings: Settings, make_store: Callable[[], Store]) -> Joined:
    """Return the log of the store; where there is none, begin one with these settings.

    Raises:
        StoreAway: the store does not answer.
        OtherStart: its replicas have other settings.
        UnusableKey: the file of `--signing-key` cannot be used.
    """
    given = settings.signing_key
    key = SigningKey.generate() if given is None else SigningKey.load(given)
    seed = random.SystemRandom().randrange(10**9) if settings.random_seed is None else settings.random_seed
    own = Start(dict(_told(settings)), seed, key.pem.decode())

    async def begin() -> Begun:
        store = make_store()
        try:
            identity = f"{random.SystemRandom().getrandbits(64):016x}"
            return await patiently(lambda: store.begin(identity, own.encoded()))
        finally:
            await store.close()

    with ThreadPoolExecutor(1) as apart:  # whoever calls may have an event loop that runs
        begun = apart.submit(asyncio.run, begin()).result()
    return Joined(make_store, begun, agreed(settings, own, begun))


def agreed(settings: Settings, own: Start, begun: Begun) -> Start:
    """Return the start of a log, if a replica with these settings and this start of its own may join.

    Raises:
        OtherStart: it may not.
    """
    theirs = Start.of(begun.start)
    names = sorted({*own.settings, *theirs.settings})
    told = [
        _differing(name, theirs.settings.get(name, "none"), own.settings.get(name, "none"))
        for name in names
        if own.settings.get(name) != theirs.settings.get(name)
    ]
    if settings.random_seed is not None and settings.random_seed != theirs.random_seed:
        told.append(_differing("random_seed", str(theirs.random_seed), str(settings.random_seed)))
    if settings.signing_key is not None and own.key.kid != theirs.key.kid:
        told.append(_differing("signing_key", f"the key {theirs.key.kid}", f"the key {own.key.kid}"))
    if told:
        raise OtherStart(f"the replicas of this store were started with other settings: {'; '.join(told)}")
    return theirs


def _differing(name: str, theirs: str, own: str) -> str:
    what = "the version" if name == "version" else flag_of(name)
    return f"{what} is {theirs} there and {own} here"


def _told(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the settings that decide about the state, with what they say."""
    yield "version", __version__
    for each in fields(settings):
        value = getattr(settings, each.name)
        if each.name not in OWN and value not in (None, (), False):
            yield each.name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, Path):
        return f"{value.name} (with the content {_digest(value)})"
    return ", ".join(map(_text, value)) if isinstance(value, tuple) else str(value)


def _digest(path: Path) -> str:
    """Return a digest of what is in a file or a folder; what cannot be read is refused later, with its reason."""
    digest = hashlib.sha256()
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    for file in files:
        digest.update(str(file.relative_to(path)).encode() + b"\0")
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
