"""By which URLs a sandbox is reached, and what it is called in tokens.

Source: operator.md (`--base-url`, `--control-port`, `--audience`); registry.md section 2 (accepted `aud`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from registry_sandbox.auth.issue.issuer import TENANT
from registry_sandbox.auth.verify.audiences import loopback_audiences
from registry_sandbox.http.base_url import authority

BASE_PATH = "/STU3"


@dataclass(slots=True)
class Addresses:
    """The URLs of one sandbox.

    Attributes:
        base_url: the configured base, if there is one.
        audience: the only `aud` that is accepted; None for every name of the registry.
        issuer: what `--issuer` says.
        secure: whether the registry's port has TLS.
        control_apart: whether the control plane has a port of its own.
        port: returns the registry's port that was taken.
    """

    base_url: str | None
    audience: str | None
    issuer: str | None
    secure: bool
    control_apart: bool
    port: Callable[[], int]

    @property
    def base_path(self) -> str:
        """The path of the FHIR base."""
        return BASE_PATH if self.base_url is None else urlsplit(self.base_url).path

    @property
    def base_paths(self) -> tuple[str, ...]:
        """The paths of the base: a proxy may remove what `--base-url` has before `/STU3`."""
        return tuple(dict.fromkeys((BASE_PATH, self.base_path)))

    @property
    def prefix(self) -> str:
        """The path of `--base-url` without its last segment, such as `/nhs`. Every path is below it."""
        return self.base_path.rpartition("/")[0]

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The beginnings of paths that may be left out: of the base URL, and of authorities as MSAL builds them.

        Clients look for the discovery document below the issuer, so its path may stand before everything as well.
        """
        of_issuer = urlsplit(self.issuer or "").path.rstrip("/")
        return self.prefix, of_issuer, f"/{TENANT}", "/v2.0"

    def registry_base(self, base: str) -> str:
        """Return the registry's FHIR base for the base of a call, which may have come to the control plane's port."""
        if not self.control_apart or self.base_url is not None:
            return base
        scheme, host = "https" if self.secure else "http", urlsplit(base).hostname or ""
        return f"{scheme}://{authority(host, self.port())}{self.base_path}"

    def audiences(self, base: str) -> Collection[str]:
        """Return the accepted `aud` of a token, for a request to this base."""
        if self.audience is not None:
            return (self.audience,)
        loopback = [each for path in self.base_paths for each in loopback_audiences(self.port(), path)]
        return frozenset([base, self.base_url or base, *loopback])
