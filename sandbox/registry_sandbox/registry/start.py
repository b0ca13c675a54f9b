"""What a set of seeds makes of an empty registry; the workspaces that start with the set share the versions.

Seeds with relative dates mean the same appointments as long as these dates agree: for the shipped ones a day, but for
the one that is going on now.
"""

from collections.abc import Sequence
from datetime import datetime

from registry_sandbox.registry.seed_loader import Progress, SeedLoader, no_progress
from registry_sandbox.registry.seeds import Seed
from registry_sandbox.registry.store import Registry
from registry_sandbox.registry.stories import relative_instants, resolved
from registry_sandbox.registry.version import Contents


class SeededStart:
    """A set of seeds, and what was last made of it.

    Args:
        seeds: the set.
    """

    def __init__(self, seeds: Sequence[Seed]) -> None:
        self._seeds = seeds
        self._relative = relative_instants(seeds)
        self._made: tuple[object, Contents] | None = None

    def load(self, loader: SeedLoader, progress: Progress = no_progress) -> None:
        """Fill an empty registry, on the spot.

        Raises:
            BadSeed: a seed cannot be used.
        """
        registry, known_for = loader.service.registry, self._depends_on(loader, loader.service.now())
        if self._made is not None and self._made[0] == known_for:
            registry.use(self._made[1])
            return
        named = loader.load(self._seeds, progress)
        if self._made is not None:
            registry.take_over(self._made[1])
        if named:  # an id that was drawn belongs to this workspace
            self._made = known_for, registry.share()

    async def filled(self, loader: SeedLoader, now: datetime) -> Registry:
        """Return another registry, filled with instants relative to `now`: for a reset, while others wait for the loop.

        Raises:
            BadSeed: a seed cannot be used.
            WorkersBusy: too many others wait for a thread (503).
        """
        known_for = self._depends_on(loader, now)
        if self._made is not None and self._made[0] == known_for:
            registry = loader.service.registry.empty()
            registry.use(self._made[1])
            return registry
        registry, named = await loader.filled(self._seeds, now)
        if self._made is not None:
            await loader.service.workers.run(registry.take_over, self._made[1])
        if named:
            self._made = known_for, registry.share()
        return registry

    def _depends_on(self, loader: SeedLoader, now: datetime) -> object:
        return loader.change, resolved(self._relative, now)
