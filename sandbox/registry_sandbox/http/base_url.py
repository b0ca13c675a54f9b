"""Base URLs and their parts: hosts as they stand in a URL, the root of everything beside the FHIR base, workspaces.

A workspace has the URLs of the registry with `/w/NAME` before their last part: `https://example.test/w/NAME/STU3`.
"""

import re
from typing import Final, NamedTuple
from urllib.parse import urlsplit

WORKSPACES: Final = "/w"
"""The path below which the workspaces are."""

NAME: Final = r"[a-z0-9-]{1,63}"
"""The names that workspaces and snapshots can have."""

NAME_EXPECTED: Final = "1 to 63 of a-z, 0-9 and hyphens"

_BELOW = re.compile(rf"{WORKSPACES}/([^/]*)(/.*|)", re.DOTALL)
_MOUNT = re.compile(rf"{WORKSPACES}/({NAME})(?=/[^/]*\Z|\Z)", re.ASCII)


class Below(NamedTuple):
    """A path below `/w`: the name of the workspace as it was sent, and the path inside the workspace."""

    name: str
    path: str

    @property
    def mount(self) -> str:
        """The path of the workspace."""
        return f"{WORKSPACES}/{self.name}"


def below_workspaces(path: str) -> Below | None:
    """Return the parts of a path below `/w`; None for any other path."""
    match = _BELOW.fullmatch(path)
    return None if match is None else Below(match[1], match[2] or "/")


def mounted(base: str, mount: str) -> str:
    """Return a FHIR base, or its path, as it is inside a mount such as `/w/NAME`."""
    cut = base.rfind("/", base.find("://") + 3 if "://" in base else 0)
    return base + mount if cut < 0 else base[:cut] + mount + base[cut:]


def workspace_of(audience: str) -> tuple[str, str]:
    """Return the workspace that an audience names (empty: none), and the audience without it."""
    match = _MOUNT.search(audience)
    return ("", audience) if match is None else (match[1], audience[: match.start()] + audience[match.end() :])


def reachable(host: str) -> str:
    """Return a host by which this machine reaches what listens on it: loopback for one that means every address."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing listens here


def authority(host: str, port: int) -> str:
    """Return host and port as they stand in a URL: an IPv6 address is in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def root_of(base: str) -> str:
    """Return the root of a FHIR base: `https://example.test/nhs` for `https://example.test/nhs/STU3`."""
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}"
