"""Every answer that `--vary` varies is valid, by HAPI too."""

from collections.abc import Iterator

from registry_sandbox.testing.running import RegistrySandbox
from tests.house.test_vary import conversation
from tests.oracle.hapi import Hapi

_TEXT_AT_MOST = 1_000


def refused_answers(hapi: Hapi, seed: int) -> Iterator[str]:
    """Yield what HAPI finds wrong with the answers of a whole conversation under `--vary`, in both formats."""
    with RegistrySandbox(vary=True, random_seed=seed) as sandbox:
        for answer in conversation(sandbox):
            hapi.begin(answer.text)
            for finding in hapi.verdict().errors():
                yield f"{finding.message} ({finding.location}), in {answer.text[:_TEXT_AT_MOST]}"
