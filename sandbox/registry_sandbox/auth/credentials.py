"""What tokens are signed with and judged by, as the operator chose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from registry_sandbox.auth.issue.issuer import BUILT_IN_ISSUER, Issuer
from registry_sandbox.auth.issue.token_spec import read_token_spec
from registry_sandbox.auth.keys import KeySet, SigningKey
from registry_sandbox.auth.verify.tokens import Mode, TokenVerifier
from registry_sandbox.settings import Settings


@dataclass
class Credentials:
    """The keys, the issuer and the judge, made when the first token needs them: that takes a tenth of a second."""

    settings: Settings
    random_bytes: Callable[[int], bytes]
    own_keys: KeySet | None = None
    signing_key: SigningKey | None = None

    def __post_init__(self) -> None:
        """Load what the operator gave at once, so that a bad file stops the start."""
        if self.settings.jwks is not None:
            self.own_keys = KeySet.load(self.settings.jwks, self.settings.issuer or "")
        if self.settings.signing_key is not None:
            self.signing_key = SigningKey.load(self.settings.signing_key)

    @cached_property
    def issuer(self) -> Issuer:
        """The built-in issuer."""
        key = self.signing_key or SigningKey.generate()
        name = self.settings.issuer if self.settings.issuer and self.own_keys is None else BUILT_IN_ISSUER
        return Issuer(key, random_bytes=self.random_bytes, name=name)

    @cached_property
    def judge(self) -> TokenVerifier:
        """The judge of tokens: with `--jwks`, of the user's own issuer beside the built-in one."""
        keys = self.issuer.public_keys()
        issuers = [self.issuer.name]
        if self.own_keys is not None:
            keys |= self.own_keys
            issuers += [self.settings.issuer] if self.settings.issuer else []
        return TokenVerifier(
            mode=cast("Mode", self.settings.auth),
            keys=keys,
            issuers=issuers,
            leeway_s=self.settings.token_leeway,
        )

    def make_token(self, base: str, parameters: Sequence[tuple[str, str]], now: float) -> str:
        """Make a token for a FHIR base, to the order of these parameters; of the accepted kind if they name none."""
        if self.settings.auth == "spine" and "mode" not in dict(parameters):
            parameters = [("mode", "spine"), *parameters]
        return read_token_spec(parameters).fill(self.issuer, self.settings.audience or base, now)
