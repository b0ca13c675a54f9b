"""Trouble with what stands before the store: replicas and the balancer are killed, or stand still."""

import asyncio
import time

from tests.replicas.scene import Scene


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
