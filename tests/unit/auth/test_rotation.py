"""Rotation: the keys that a new one has replaced are bounded, however often it happens."""

import random

from registry_sandbox.auth.credentials import Credentials
from registry_sandbox.auth.keys import SigningKey

NOW = 1_900_000_000.0


def test_at_most_twenty_former_keys_are_kept() -> None:
    """Whatever their overlap: a sandbox may be rotated for days."""
    credentials = Credentials(random_bytes=random.Random(1).randbytes)  # noqa: S311 - claims of test tokens
    keys = [SigningKey.generate() for _ in range(2)]
    for at in range(30):
        credentials.rotate(keys[at % 2], NOW, overlap_s=3600)
    valid = credentials.issuer.valid_keys(NOW)
    assert len(valid) == 21
    assert [until_s for _, until_s in valid[:2]] == [None, NOW + 3600]
    assert credentials.issuer.valid_keys(NOW + 3600) == valid[:1]
