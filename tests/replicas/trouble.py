"""What is done to the service while clients use it: kills, pauses, restarts, and calls of the control plane.

Each kind returns what it promises that did not hold; what clients saw is judged by their history, at the end.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.replicas import fhir
from tests.replicas.client import reset, steer
from tests.replicas.cluster import Cluster
from tests.replicas.exchange import Answer, Lost, NotSent, once
from tests.replicas.history import Done, Operation, Read, Register, Reset, Search
from tests.replicas.processes import Process, said
from tests.replicas.traffic import Traffic

_REFUSES_WITHIN_S = 2.5
"""The design says 2 s; the rest is for two cores that also run the clients and the store."""

_RETURNS_WITHIN_S = 5.0
_SETTLES_S = 1.0
_FIRES = "search:429@x1"
"""Nothing else here is answered with this status."""

_FORWARD_S = 3600
_RESETS, _BETWEEN_RESETS_S = 80, 0.03
_NOBODY = "9439999999"


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


async def kill_a_replica(scene: Scene) -> None:
    """Kill -9, and start it again a second later."""
    victim = scene.victim()
    victim.kill()
    scene.notes.append(f"{victim.name} was killed")
    await asyncio.sleep(1)
    began = time.monotonic()
    await asyncio.to_thread(victim.start)
    scene.notes.append(f"it was ready {time.monotonic() - began:.2f} s after its new start")


async def kill_the_balancer(scene: Scene) -> None:
    """Kill -9, and start it again: answers that were on their way are lost, of what was done all the same."""
    scene.cluster.balancer.kill()
    await asyncio.to_thread(scene.cluster.balancer.start)


async def pause_a_replica(scene: Scene) -> None:
    """Let one stand still for two seconds in the middle of what it does: when it goes on, what it knows is old."""
    victim = scene.victim()
    victim.pause()
    await asyncio.sleep(2)
    victim.resume()
    scene.notes.append(f"{victim.name} stood still for 2 s")


async def pause_the_store_shortly(scene: Scene) -> None:
    """Let the store stand still for a second: clients wait, and nobody needs to be refused."""
    scene.shared.pause()
    await asyncio.sleep(1)
    scene.shared.resume()
    await _returns(scene)


async def pause_the_store(scene: Scene) -> None:
    """Let the store stand still for five seconds: each replica says so in time, stays alive, and comes back."""
    port = scene.cluster.replicas[0].port
    token = (await steer(port, "GET", "/token")).body.decode().strip()
    scene.shared.pause()
    try:
        paused = time.monotonic()
        await asyncio.gather(*(_refuses(scene, each, token) for each in scene.cluster.replicas))
        await asyncio.sleep(max(0, paused + 5 - time.monotonic()))
    finally:
        scene.shared.resume()
    await _returns(scene)


async def restart_the_store(scene: Scene) -> None:
    """Kill -9 the store, and start it again with what it has written to its disk."""
    scene.shared.kill()
    await asyncio.sleep(0.5)
    await asyncio.to_thread(scene.shared.start)
    await _returns(scene)


async def reset_everything(scene: Scene) -> None:
    """Reset while writes are under way, many times: the first ids are given anew to others again and again."""
    for _ in range(_RESETS):
        answer = await reset(scene.cluster.port, scene.traffic.record)
        scene.require(answer.status == 200, f"a reset was answered {answer.status}")
        scene.traffic.begin_anew()
        await asyncio.sleep(_BETWEEN_RESETS_S)
    scene.notes.append(f"{_RESETS} times")


async def empty_the_store(scene: Scene) -> None:
    """Empty it, as an operator does who wants to begin anew: to clients that is a reset."""
    began = time.monotonic()
    await asyncio.to_thread(said, scene.shared.port, b"FLUSHALL\r\n")
    await _returns(scene)
    scene.traffic.record.operations.append(Operation("store", began, time.monotonic(), Reset(), Done()))
    scene.traffic.begin_anew()


async def fire_once(scene: Scene) -> None:
    """Put a fault in force that fires once, and count how often clients meet it; kill a replica after that."""
    before = _fired(scene)
    answer = await steer(scene.cluster.port, "POST", "/faults", _FIRES)
    scene.require(answer.status == 201, f"a fault was answered {answer.status}")
    await asyncio.sleep(_SETTLES_S)
    await kill_a_replica(scene)
    await asyncio.sleep(_SETTLES_S)
    fired = _fired(scene) - before
    scene.require(fired == 1, f"{_FIRES} fired {fired} times")
    scene.notes.append(f"{_FIRES} fired {fired} time(s) in all")


async def move_the_clock(scene: Scene) -> None:
    """Move it by one call; each replica shows it from then on, on its control plane and in the Date of an answer."""
    answer = await steer(scene.cluster.port, "PUT", "/clock", {"advance": f"{_FORWARD_S}s"})
    scene.require(answer.status == 200, f"the clock was answered {answer.status}")
    moved = datetime.fromisoformat(json.loads(answer.body)["now"])
    for each in scene.cluster.replicas:
        now = datetime.fromisoformat(json.loads((await steer(each.port, "GET", "/clock")).body)["now"])
        scene.require(moved <= now < moved + timedelta(minutes=1), f"{each.name} has {now}, and not {moved}")
        dated = (await once(each.port, "GET", "/STU3/metadata")).headers["date"]
        shown = datetime.strptime(dated, "%a, %d %b %Y %H:%M:%S gmt").replace(tzinfo=moved.tzinfo)
        scene.require(abs(shown - moved) < timedelta(minutes=1), f"{each.name} dates {shown}, and not {moved}")
    scene.notes.append(f"all {len(scene.cluster.replicas)} replicas have {moved:%Y-%m-%d %H:%M}")


async def _refuses(scene: Scene, replica: Process, token: str) -> None:
    """Ask one replica while the store is away: reads, a write, and its health."""
    asked = {
        "a read": fhir.request(Read("none")),
        "a search": fhir.request(Search(_NOBODY)),
        "a register": fhir.request(Register(_NOBODY, "https://provider.example.test/never")),
    }
    await asyncio.gather(*(_refused(scene, replica, name, token, request) for name, request in asked.items()))
    (_, ready), (_, live) = await asyncio.gather(
        *(_timed(replica, ("GET", f"/_sandbox/health/{each}", {}, b"")) for each in ("ready", "live"))
    )
    scene.require(live is not None and live.status == 200, f"{replica.name}: not alive without the store: {live}")
    scene.require(ready is not None and ready.status == 503, f"{replica.name}: ready without the store: {ready}")


async def _refused(scene: Scene, replica: Process, name: str, token: str, request: fhir.Request) -> None:
    method, path, headers, body = request
    headers |= {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    took, answer = await _timed(replica, (method, f"/STU3{path}", headers, body))
    told = answer.json() if answer else None
    scene.require(answer is not None and answer.status == 503, f"{replica.name}: {name} was answered {answer}")
    scene.require(
        told is not None and told["resourceType"] == "OperationOutcome", f"{replica.name}: no OperationOutcome"
    )
    scene.require(took < _REFUSES_WITHIN_S, f"{replica.name}: {name} waited {took:.2f} s")
    scene.notes.append(f"{replica.name} refused {name} after {took:.2f} s")


async def _timed(replica: Process, request: fhir.Request) -> tuple[float, Answer | None]:
    began = time.monotonic()
    try:
        answer = await once(replica.port, *request)
    except (Lost, NotSent):
        return time.monotonic() - began, None
    return time.monotonic() - began, answer


async def _returns(scene: Scene) -> None:
    """Wait until every replica is ready again, which none was started for."""
    began = time.monotonic()
    while not all([await asyncio.to_thread(each.ready) for each in scene.cluster.replicas]):
        if time.monotonic() > began + _RETURNS_WITHIN_S:
            scene.require(False, f"not every replica was ready {_RETURNS_WITHIN_S:.0f} s after the store was back")  # noqa: FBT003
            return
        await asyncio.sleep(0.02)
    scene.notes.append(f"every replica was ready {time.monotonic() - began:.2f} s after the store was back")


def _fired(scene: Scene) -> int:
    return scene.traffic.record.statuses()["429"]


WITHOUT_STORE: tuple[Kind, ...] = (kill_the_balancer, pause_a_replica, move_the_clock, reset_everything)
"""What one process in memory outlives."""

ALL: tuple[Kind, ...] = (
    kill_a_replica,
    kill_the_balancer,
    pause_the_store_shortly,
    fire_once,
    move_the_clock,
    pause_a_replica,
    pause_the_store,
    reset_everything,
    restart_the_store,
    empty_the_store,
)


async def inject(kind: Kind, scene: Scene) -> Injected:
    """Make one piece of trouble."""
    scene.notes, scene.broken = [], []
    began = time.monotonic()
    await kind(scene)
    name = kind.__name__.replace("_", " ")
    return Injected(name, began, time.monotonic(), tuple(scene.broken), tuple(scene.notes))
