"""Workers that the tests of several rooms look at."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from registry_sandbox.runtime.workers import Workers

P = ParamSpec("P")
R = TypeVar("R")


class CountingWorkers(Workers):
    """Workers that count their jobs."""

    jobs = 0

    async def run(self, work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """Count, and do it."""
        self.jobs += 1
        return await super().run(work, *arguments, **named)
