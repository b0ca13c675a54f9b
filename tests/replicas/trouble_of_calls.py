"""Trouble by calls of the control plane, each of which goes to one replica and is for all."""

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta

from tests.replicas.client import reset, steer_surely
from tests.replicas.exchange import once
from tests.replicas.scene import Scene, told
from tests.replicas.trouble_of_replicas import kill_a_replica

_SETTLES_S = 1.0
_FIRES = "search:429@x1"
"""Nothing else here is answered with this status."""

_FORWARD_S = 3600
_RESETS, _BETWEEN_RESETS_S = 80, 0.03


async def reset_everything(scene: Scene) -> None:
    """Reset while writes are under way, many times: the first ids are given anew to others again and again."""
    statuses: Counter[int] = Counter()
    for _ in range(_RESETS):
        statuses[(await reset(scene.cluster.port, scene.traffic.record)).status] += 1
        scene.traffic.begin_anew()
        await asyncio.sleep(_BETWEEN_RESETS_S)
    # On a busy machine one may miss its deadline in the store: 503, and nothing was done.
    scene.require({*statuses} <= {200, 503} and statuses[503] < _RESETS / 10, f"resets were answered {statuses}")
    scene.notes.append(f"{_RESETS} times, of which {statuses[503]} were refused with 503")


async def fire_once(scene: Scene) -> None:
    """Put a fault in force that fires once, and count how often clients meet it; kill a replica after that."""
    before = told(scene, "429")
    answer = await steer_surely(scene.cluster.port, "POST", "/faults", _FIRES)
    scene.require(answer.status == 201, f"a fault was answered {answer.status}")
    await asyncio.sleep(_SETTLES_S)
    await kill_a_replica(scene)
    await asyncio.sleep(_SETTLES_S)
    fired = told(scene, "429") - before
    scene.require(fired == 1, f"{_FIRES} fired {fired} times")
    scene.notes.append(f"{_FIRES} fired {fired} time(s) in all")


async def move_the_clock(scene: Scene) -> None:
    """Move it by one call; each replica shows it from then on, on its control plane and in the Date of an answer."""
    answer = await steer_surely(scene.cluster.port, "PUT", "/clock", {"advance": f"{_FORWARD_S}s"})
    scene.require(answer.status == 200, f"the clock was answered {answer.status}")
    moved = datetime.fromisoformat(json.loads(answer.body)["now"])
    for each in scene.cluster.replicas:
        now = datetime.fromisoformat(json.loads((await steer_surely(each.port, "GET", "/clock")).body)["now"])
        scene.require(moved <= now < moved + timedelta(minutes=1), f"{each.name} has {now}, and not {moved}")
        dated = (await once(each.port, "GET", "/STU3/metadata")).headers["date"]
        shown = datetime.strptime(dated, "%a, %d %b %Y %H:%M:%S gmt").replace(tzinfo=moved.tzinfo)
        scene.require(abs(shown - moved) < timedelta(minutes=1), f"{each.name} dates {shown}, and not {moved}")
    scene.notes.append(f"all {len(scene.cluster.replicas)} replicas have {moved:%Y-%m-%d %H:%M}")
