"""Trouble with the store: it stands still, is slow, is cut off, killed, or emptied."""

import asyncio
import time

from tests.replicas import fhir
from tests.replicas.client import steer
from tests.replicas.exchange import Answer, Lost, NotSent, once
from tests.replicas.history import Read, Register, Search
from tests.replicas.processes import Process, said
from tests.replicas.scene import Scene, is_back, told

_REFUSES_WITHIN_S = 2.5
"""The design says 2 s; the rest is for two cores that also run the clients and the store."""

_SLOW_TIMES, _SLOW_SERIES, _CUT_TIMES = 6, 3, 20
_NOBODY = "9439999999"


async def pause_the_store_shortly(scene: Scene) -> None:
    """Let the store stand still for a second: clients wait, and nobody needs to be refused."""
    scene.shared.pause()
    await asyncio.sleep(1)
    scene.shared.resume()
    await is_back(scene)


async def pause_the_store(scene: Scene) -> None:
    """Let the store stand still for five seconds: each replica says so in time, stays alive, and comes back."""
    port = scene.cluster.replicas[0].port
    token = (await steer(port, "GET", "/token")).body.decode().strip()
    scene.shared.pause()
    try:
        paused = time.monotonic()
        await asyncio.gather(*(_refuses(scene, each, token) for each in scene.cluster.replicas))
        await asyncio.sleep(max(0, paused + 3.5 - time.monotonic()))
        # By now the balancer has found that no replica is ready: it lets them say so, in the words of the contract.
        await _refused(scene, scene.cluster.balancer, "a read", token, fhir.request(Read("none")))
        await asyncio.sleep(max(0, paused + 5 - time.monotonic()))
    finally:
        scene.shared.resume()
    await is_back(scene)


async def slow_the_store(scene: Scene) -> None:
    """Let it answer nobody for 200 ms, again and again: clients wait, and nobody is refused.

    A machine that has too much to do may add a pause of its own, so one of three series may have refusals.
    """
    failed, refused = told(scene, "500"), list[int]()
    for _ in range(_SLOW_SERIES):
        before = told(scene, "503")
        for _ in range(_SLOW_TIMES):
            await _ordered(scene, "CLIENT PAUSE 200 ALL")
            await asyncio.sleep(0.25)
        await asyncio.sleep(_REFUSES_WITHIN_S)  # whoever is refused has waited first
        refused.append(told(scene, "503") - before)
    scene.require(sorted(refused)[1] == 0, f"{refused} requests were refused in series with a slow store")
    scene.require(told(scene, "500") == failed, "a request failed with 500 while the store was slow")


async def cut_the_store_off(scene: Scene) -> None:
    """Close all connections to it, again and again, whatever is on them; it goes on itself, and no connection lasts."""
    for _ in range(_CUT_TIMES):
        await _ordered(scene, "CLIENT KILL TYPE normal SKIPME yes")
        await asyncio.sleep(0.1)
    scene.notes.append(f"{_CUT_TIMES} times")
    await is_back(scene)


async def restart_the_store(scene: Scene) -> None:
    """Kill -9 the store, and start it again with what it has written to its disk."""
    scene.shared.kill()
    await asyncio.sleep(0.5)
    await asyncio.to_thread(scene.shared.start)
    await is_back(scene)


async def empty_the_store(scene: Scene) -> None:
    """Empty it, as an operator does who wants to begin anew: to clients that is a reset."""
    began = time.monotonic()
    await _ordered(scene, "FLUSHALL")
    await is_back(scene)
    scene.traffic.note_emptied(began, time.monotonic())


async def _ordered(scene: Scene, order: str) -> None:
    """Give the store an order of its own, and require that it takes it."""
    answer = await asyncio.to_thread(said, scene.shared.port, f"{order}\r\n".encode())
    scene.require(answer[:1] in {b":", b"+"}, f"the store answered {answer!r} to {order}")


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


async def _refused(scene: Scene, where: Process, name: str, token: str, request: fhir.Request) -> None:
    method, path, headers, body = request
    headers |= {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    took, answer = await _timed(where, (method, f"/STU3{path}", headers, body))
    outcome = answer.json() if answer else None
    scene.require(answer is not None and answer.status == 503, f"{where.name}: {name} was answered {answer}")
    scene.require(
        outcome is not None and outcome["resourceType"] == "OperationOutcome", f"{where.name}: no OperationOutcome"
    )
    scene.require(took < _REFUSES_WITHIN_S, f"{where.name}: {name} waited {took:.2f} s")
    scene.notes.append(f"{where.name} refused {name} after {took:.2f} s")


async def _timed(replica: Process, request: fhir.Request) -> tuple[float, Answer | None]:
    began = time.monotonic()
    try:
        answer = await once(replica.port, *request)
    except (Lost, NotSent):
        return time.monotonic() - began, None
    return time.monotonic() - began, answer
