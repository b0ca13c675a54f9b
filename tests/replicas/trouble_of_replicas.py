"""Trouble with what stands before the store: replicas and the balancer are killed, or stand still."""

import asyncio
import os
import signal
import time
from pathlib import Path

from tests.replicas.scene import Scene

_WORKS_AGAIN_WITHIN_S = 30.0


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


async def kill_a_worker(scene: Scene) -> None:
    """Kill -9 one of the workers of a process, which starts it again; the others go on."""
    parent = scene.cluster.replicas[0]
    before = parent.children()
    spent = {each: _processor_s(each) for each in before}
    scene.notes.append(f"processor seconds of the workers: {', '.join(f'{each:.1f}' for each in spent.values())}")
    scene.require(all(spent.values()), "a worker has done nothing")
    scene.turn += 1
    victim = before[scene.turn % len(before)]
    os.kill(victim, signal.SIGKILL)
    began = time.monotonic()
    while len(now := parent.children()) < len(before) or victim in now:
        if time.monotonic() > began + _WORKS_AGAIN_WITHIN_S:
            scene.require(False, f"there are the workers {now}, and there were {before}")  # noqa: FBT003
            return
        await asyncio.sleep(0.02)
    scene.notes.append(f"one of {len(before)} was killed, and another started {time.monotonic() - began:.2f} s later")


def _processor_s(process_id: int) -> float:
    threads = Path(f"/proc/{process_id}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 1_000_000_000
