"""Base URLs and their parts: hosts as they stand in a URL, and the root of everything beside the FHIR base."""

from urllib.parse import urlsplit


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
