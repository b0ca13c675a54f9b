"""What a registry on this machine is called in `aud` and `scope`: every spelling of its address.

Source: Registry overview (security): the audience is the registry, and the scope is that with `/.default`.
"""

from typing import Final

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def loopback_audiences(port: int, path: str) -> tuple[str, ...]:
    """Give the loopback spellings of the base URL at this port; `path` is the base path, such as `/STU3`.

    The port may be left out where it is the scheme's own. Both schemes are among them: TLS may end in front of the
    sandbox.
    """
    authorities = [(scheme, f"{host}:{port}") for scheme in _DEFAULT_PORTS for host in _LOOPBACK]
    authorities += [(scheme, host) for scheme, own in _DEFAULT_PORTS.items() if own == port for host in _LOOPBACK]
    return tuple(f"{scheme}://{authority}{path}" for scheme, authority in authorities)
