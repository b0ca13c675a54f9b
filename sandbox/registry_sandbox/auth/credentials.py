"""The keys, the issuer and the verifier of one sandbox, as the operator configured them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from registry_sandbox.auth.issue.issuer import BUILT_IN_ISSUER, Issuer
from registry_sandbox.auth.issue.token_spec import read_token_spec
from registry_sandbox.auth.keys import KeySet, SigningKey
from registry_sandbox.auth.verify.verifier import Mode, TokenVerifier

_MAX_FORMER_KEYS: Final = 20


KeyState = tuple[SigningKey, tuple[tuple[SigningKey, float], ...]]
"""A signing key, and the keys that it has replaced, each with the end of its time on the sandbox's clock."""


@dataclass(kw_only=True)
class Credentials:
    """What signs and verifies tokens. A key takes a tenth of a second to make; `prepare` makes it beside other work.

    Args:
        random_bytes: returns that many bytes, for the claims that differ in each token.
        mode: which kinds of token are accepted.
        leeway_s: the tolerance for times in tokens, in seconds.
        issuer_name: the accepted `iss`; None for the built-in issuer's.
        audience: the accepted `aud`; None for every name of the registry.
        jwks: the public keys of the user's own issuer, a JWKS file.
        signing_key_file: the built-in issuer's key, a PEM file; None for a new key.
        own_keys, signing_key: the keys themselves, where they are loaded already.

    Raises:
        UnusableKey: one of the files cannot be used.
    """

    random_bytes: Callable[[int], bytes]
    mode: Mode = "registry"
    leeway_s: float = 0.0
    issuer_name: str | None = None
    audience: str | None = None
    jwks: Path | None = None
    signing_key_file: Path | None = None
    own_keys: KeySet | None = None
    signing_key: SigningKey | None = None
    _first_key: SigningKey | None = field(init=False, default=None)
    _former: tuple[tuple[SigningKey, float], ...] = field(init=False, default=())
    _making: threading.Lock = field(init=False, default_factory=threading.Lock, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Load the operator's files at once, so that an unusable file stops the start."""
        if self.jwks is not None:
            self.own_keys = KeySet.load(self.jwks, self.issuer_name or "")
        if self.signing_key_file is not None:
            self.signing_key = SigningKey.load(self.signing_key_file)

    def prepare(self) -> threading.Thread:
        """Return a thread that makes what tokens need: the server joins it before it says that it is ready."""
        # No daemon: if the start fails meanwhile, an exit in the middle of native code would abort the process.
        thread = threading.Thread(target=lambda: self.verifier, name="signing-key")
        thread.start()
        return thread

    @cached_property
    def issuer(self) -> Issuer:
        """The built-in issuer."""
        key = self._made_key()
        name = self.issuer_name if self.issuer_name and self.own_keys is None else BUILT_IN_ISSUER
        return Issuer(key, random_bytes=self.random_bytes, name=name, former=self._former)

    def _made_key(self) -> SigningKey:
        with self._making:  # `prepare` may be at it: a second key would sign what the first does not verify
            self.signing_key = self.signing_key or SigningKey.generate()
            return self.signing_key

    @cached_property
    def verifier(self) -> TokenVerifier:
        """The verifier: with a JWKS file it accepts the user's own issuer beside the built-in one."""
        keys = self.issuer.public_keys()
        issuers = [self.issuer.name]
        if self.own_keys is not None:
            keys |= self.own_keys
            issuers += [self.issuer_name] if self.issuer_name else []
        return TokenVerifier(mode=self.mode, keys=keys, issuers=issuers, leeway_s=self.leeway_s)

    def of_another(self, random_bytes: Callable[[int], bytes], mount: str) -> "Credentials":
        """Return the credentials of another workspace: the key of the start is the same until one of them rotates it.

        `mount` is the workspace's path, such as `/w/NAME`; a configured audience has it at its end.
        """
        self.issuer  # noqa: B018 - it makes the key, where nothing has made it yet
        audience = None if self.audience is None else f"{self.audience}{mount}"
        return replace(
            self,
            random_bytes=random_bytes,
            audience=audience,
            jwks=None,
            signing_key_file=None,
            signing_key=self._first_key or self.signing_key,
        )

    def rotate(self, key: SigningKey, now: float, overlap_s: float) -> None:
        """Sign with a new key from now on.

        Args:
            key: the new key.
            now: the sandbox's clock, in seconds since 1970.
            overlap_s: how long tokens of the key before are still valid; 0 for not at all.
        """
        replaced = self.issuer.valid_keys(now)[0][0]
        self._first_key = self._first_key or replaced
        former = [(each, min(until_s, now + overlap_s)) for each, until_s in self._former]
        self._use(key, ((replaced, now + overlap_s), *former)[:_MAX_FORMER_KEYS])

    @property
    def state(self) -> KeyState | None:
        """The signing key and those it has replaced, for `resume`; None while it is the key of the start."""
        return None if self._first_key is None or self.signing_key is None else (self.signing_key, self._former)

    def resume(self, state: KeyState | None) -> None:
        """Sign with the key that credentials of the same start had."""
        self.reset()
        if state is not None:
            self._first_key = self._first_key or self.issuer.valid_keys(0.0)[0][0]
            self._use(*state)

    def reset(self) -> None:
        """Return to the key of the start."""
        if self._first_key is not None:
            self._use(self._first_key, ())

    def _use(self, key: SigningKey, former: tuple[tuple[SigningKey, float], ...]) -> None:
        self.signing_key, self._former = key, former
        # The verifier caches tokens by their text: a new one begins without them, and checks every token again.
        for name in ("issuer", "verifier"):
            vars(self).pop(name, None)

    def make_token(self, base: str, parameters: Sequence[tuple[str, str]], now: float) -> str:
        """Return the test token that these parameters specify, for a FHIR base; its kind is an accepted one by default.

        Raises:
            UnreadableTokenSpec: a parameter is unknown or cannot be used.
        """
        if self.mode == "spine" and "mode" not in dict(parameters):
            parameters = [("mode", "spine"), *parameters]
        return read_token_spec(parameters).issue(self.issuer, self.audience or base, now)
