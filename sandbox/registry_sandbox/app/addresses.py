"""By which URLs a sandbox is reached, and what it is called in tokens.

Source: operator.md (`--base-url`, `--control-port`, `--audience`); registry.md section 2 (accepted `aud`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from registry_sandbox.auth.issue.issuer import TENANT
from registry_sandbox.auth.verify.audiences import loopback_audiences
from registry_sandbox.http.base_url import authority, mounted

BASE_PATH = "/STU3"


@dataclass(slots=True)
class Addresses:
    """The URLs of one workspace. Without a mount, it is the one without a name.

    Attributes:
        base_url: the configured base, if there is one.
        audience: the only `aud` that is accepted; None for every name of the registry.
        issuer: what `--issuer` says.
        secure: whether the registry's port has TLS.
        control_apart: whether the control plane has a port of its own.
        port: returns the registry's port that was taken.
        mount: the path of the workspace, such as `/w/NAME`. Requests come to it without the mount, in path and base.
    """

    base_url: str | None
    audience: str | None
    issuer: str | None
    secure: bool
    control_apart: bool
    port: Callable[[], int]
    mount: str = ""

    @property
    def base_path(self) -> str:
        """The path of the FHIR base, as it is advertised."""
        path = BASE_PATH if self.base_url is None else urlsplit(self.base_url).path
        return mounted(path, self.mount)

    @property
    def base_paths(self) -> tuple[str, ...]:
        """The paths of the base, as requests have them: a proxy may remove what `--base-url` has before `/STU3`."""
        own = self.base_path.rpartition("/")[2]
        return tuple(dict.fromkeys((BASE_PATH, f"/{own}" if self.mount else self.base_path)))

    @property
    def prefix(self) -> str:
        """What every path begins with that is advertised: `--base-url` without its last segment, such as `/nhs`."""
        return self.base_path.rpartition("/")[0]

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The beginnings of paths that may be left out: of the base URL, and of authorities as MSAL builds them.

        Clients look for the discovery document below the issuer, so its path may stand before everything as well.
        """
        of_issuer = urlsplit(self.issuer or "").path.rstrip("/")
        return "" if self.mount else self.prefix, of_issuer, f"/{TENANT}", "/v2.0"

    def of_workspace(self, mount: str) -> "Addresses":
        """Return the URLs of a workspace."""
        return replace(self, mount=mount)

    def registry_base(self, base: str) -> str:
        """Return the registry's FHIR base for the base of a call, which may have come to the control plane's port."""
        if not self.control_apart or self.base_url is not None:
            return base
        scheme, host = "https" if self.secure else "http", urlsplit(base).hostname or ""
        return f"{scheme}://{authority(host, self.port())}{self.base_path}"

    def audiences(self, base: str) -> Collection[str]:
        """Return the accepted `aud` of a token, for a request to this base."""
        if self.audience is not None:
            return (f"{self.audience}{self.mount}",)
        paths = dict.fromkeys((mounted(BASE_PATH, self.mount), self.base_path))
        loopback = [each for path in paths for each in loopback_audiences(self.port(), path)]
        configured = base if self.base_url is None else mounted(self.base_url, self.mount)
        return frozenset([base, configured, *loopback])
