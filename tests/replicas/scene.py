"""Where trouble is made: the service, who uses it, and what did not hold of what is promised meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.replicas.cluster import Cluster
from tests.replicas.processes import Process
from tests.replicas.traffic import Traffic

_BACK_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Injected:
    """One piece of trouble: what was done, when, and the promises that were broken."""

    name: str
    began: float
    ended: float
    broken: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class Scene:
    """What trouble is made with; `notes` and `broken` are of the trouble under way."""

    cluster: Cluster
    traffic: Traffic
    turn: int = 0
    notes: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def victim(self) -> Process:
        """Return the next replica in turn."""
        self.turn += 1
        return self.cluster.replicas[self.turn % len(self.cluster.replicas)]

    @property
    def shared(self) -> Process:
        """The store."""
        if self.cluster.store is None:
            raise RuntimeError("there is no store to make trouble with")
        return self.cluster.store

    def require(self, holds: bool, promise: str) -> None:  # noqa: FBT001 - the first of two, as in `assert`
        """Note a promise that does not hold."""
        if not holds:
            self.broken.append(promise)


Kind = Callable[[Scene], Awaitable[None]]


async def inject(kind: Kind, scene: Scene) -> Injected:
    """Make one piece of trouble."""
    scene.notes, scene.broken = [], []
    began = time.monotonic()
    await kind(scene)
    name = kind.__name__.replace("_", " ")
    return Injected(name, began, time.monotonic(), tuple(scene.broken), tuple(scene.notes))


async def is_back(scene: Scene) -> None:
    """Require that every replica is ready again soon, though none was started."""
    began = time.monotonic()
    while not all([await asyncio.to_thread(each.ready) for each in scene.cluster.replicas]):
        if time.monotonic() > began + _BACK_WITHIN_S:
            scene.require(False, f"not every replica was ready {_BACK_WITHIN_S:.0f} s after the store was back")  # noqa: FBT003
            return
        await asyncio.sleep(0.02)
    scene.notes.append(f"every replica was ready {time.monotonic() - began:.2f} s after the store was back")


def told(scene: Scene, answer: str) -> int:
    """Return how often clients were told something since the beginning."""
    return scene.traffic.record.statuses()[answer]
