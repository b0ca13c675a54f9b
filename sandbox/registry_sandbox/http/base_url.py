"""The URLs beside the FHIR base: the base without its last segment is the root of everything else."""

from urllib.parse import urlsplit


def root_of(base: str) -> str:
    """Return the root of a FHIR base: `https://example.test/nhs` for `https://example.test/nhs/STU3`."""
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}"
