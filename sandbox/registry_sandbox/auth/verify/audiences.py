"""The names of a registry on this machine in `aud` and `scope`: every loopback spelling of its base URL.

Source: Registry overview (security): the audience is the registry, and the scope is the audience with `/.default`.
"""

from typing import Final

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def loopback_audiences(port: int, path: str) -> tuple[str, ...]:
    """Return the loopback spellings of the base URL at this port; `path` is the base path, such as `/STU3`.

    Both schemes are included, because a proxy may end TLS in front of the sandbox. The default port of a scheme may be
    left out.
    """
    authorities = [(scheme, f"{host}:{port}") for scheme in _DEFAULT_PORTS for host in _LOOPBACK]
    authorities += [(scheme, host) for scheme, own in _DEFAULT_PORTS.items() if own == port for host in _LOOPBACK]
    return tuple(f"{scheme}://{authority}{path}" for scheme, authority in authorities)
