"""What a set of seeds makes of an empty registry; the workspaces that start with the set share the versions.

Seeds with relative dates mean the same appointments as long as these dates agree: for the shipped ones a day, but for
the one that is going on now.
"""

from collections.abc import Sequence

from registry_sandbox.registry.seed_loader import Progress, SeedLoader, no_progress, relative_instants, resolved
from registry_sandbox.registry.seeds import Seed
from registry_sandbox.registry.store import Contents


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
        """Fill an empty registry.

        Raises:
            BadSeed: a seed cannot be used.
        """
        registry = loader.service.registry
        known_for = loader.change, resolved(self._relative, loader.service.now())
        if self._made is not None and self._made[0] == known_for:
            registry.use(self._made[1])
            return
        loader.load(self._seeds, progress)
        if self._made is not None:
            registry.take_over(self._made[1])
        if not loader.made_up:  # an id that was made up belongs to this workspace
            self._made = known_for, registry.share()
