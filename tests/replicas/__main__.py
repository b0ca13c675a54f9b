"""`make replicas`: replicas behind a balancer, with a store that they share, used by many while trouble is made.

What every client saw becomes a history, and the history is checked. Before that, the same clients use processes that
share nothing, to show that the check would find it. Ends with 0 if nothing is wrong, or if a program is missing (which
it says); else with 1.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.replicas import trouble
from tests.replicas.check import anomalies
from tests.replicas.cluster import WITHOUT_SEEDS, Cluster, with_store, with_workers, without_store
from tests.replicas.processes import CannotRun, balancer_program, store_server
from tests.replicas.report import Run, show
from tests.replicas.scene import Injected, Kind, Scene, inject
from tests.replicas.spread import spread
from tests.replicas.suites import suites
from tests.replicas.traffic import WORKSPACES, Traffic

_CALM_S = 1.5
"""Between one piece of trouble and the next."""

_CONTROL_S = 2.0


def main() -> int:
    """Run, print, and return the exit status."""
    asked = _arguments()
    try:
        print(f"balancer: {balancer_program()}, store: {store_server()}")
    except CannotRun as missing:
        print(f"\n*** make replicas: SKIPPED: {missing} ***\n")
        return 0
    with TemporaryDirectory(prefix="replicas-") as folder:
        return asyncio.run(_all(asked, Path(folder)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make replicas", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of what the clients choose to do (default 1)")
    parser.add_argument("--clients", type=int, default=12, metavar="N", help="at the same time (default 12)")
    parser.add_argument("--replicas", type=int, default=3, metavar="N", help="behind the balancer (default 3)")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="how often each trouble is made (default 1)")
    parser.add_argument("--without-store", action="store_true", help="one process in memory behind the balancer")
    parser.add_argument(
        "--suites", default="json", help="of tests/spec, what -k selects (default json); none: no suite"
    )
    return parser.parse_args()


async def _all(asked: argparse.Namespace, folder: Path) -> int:
    sees = await _sees_what_is_not_shared(asked, _made(folder / "nothing-shared"))
    passed = True
    if asked.suites != "none":
        passed = await _suites(asked, _made(folder / "suites"))
    holds = await _histories(asked, _made(folder / "histories"))
    if not asked.without_store:
        holds = await _histories_of_workers(asked, _made(folder / "workers")) and holds
    return 0 if sees and passed and holds else 1


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _sees_what_is_not_shared(asked: argparse.Namespace, folder: Path) -> bool:
    """Run the clients on processes that share nothing; return whether the check finds it."""
    service = without_store(folder, 3, *WITHOUT_SEEDS)
    run = await _used(service, Traffic(service.port, asked.seed, asked.clients), (), seconds=_CONTROL_S)
    print(f"control: three processes that share nothing, {len(run.operations)} operations")
    for workspace in ("", *WORKSPACES):
        names = sorted({each.name for each in anomalies([o for o in run.operations if o.workspace == workspace])})
        print(f"    found in {workspace or 'the one without a name'}: {', '.join(names)}")
        if not names:
            return False
    return True


async def _suites(asked: argparse.Namespace, folder: Path) -> bool:
    service = _service(asked, folder)
    try:
        await service.start()
        return await suites(service.port, asked.suites)
    finally:
        await service.stop()


async def _histories(asked: argparse.Namespace, folder: Path) -> bool:
    service = _service(asked, folder, *WITHOUT_SEEDS)
    kinds = trouble.WITHOUT_STORE if asked.without_store else trouble.ALL
    return show(await _used(service, Traffic(service.port, asked.seed, asked.clients), kinds * asked.rounds))


async def _histories_of_workers(asked: argparse.Namespace, folder: Path) -> bool:
    print(f"\n{asked.replicas} workers of one process:")
    service = with_workers(folder, asked.replicas, *WITHOUT_SEEDS)
    traffic = Traffic(service.port, asked.seed + 1, asked.clients)
    return show(await _used(service, traffic, trouble.OF_WORKERS * asked.rounds))


def _service(asked: argparse.Namespace, folder: Path, *settings: str) -> Cluster:
    """Return what is to be proven: replicas, or one process in memory behind the same balancer."""
    return without_store(folder, 1, *settings) if asked.without_store else with_store(folder, asked.replicas, *settings)


async def _used(service: Cluster, traffic: Traffic, kinds: tuple[Kind, ...], *, seconds: float = 0) -> Run:
    """Start a service, let the clients use it, make trouble meanwhile, and check what they saw."""
    try:
        await service.start()
        began = time.monotonic()
        injected = await _while_used(service, traffic, kinds, seconds)
        await traffic.look_at_everything()
        lasted = time.monotonic() - began
    finally:
        await service.stop()
    found = await asyncio.to_thread(anomalies, traffic.record.operations)
    return Run(traffic, injected, found, spread(service.balancer.log), lasted)


async def _while_used(service: Cluster, traffic: Traffic, kinds: tuple[Kind, ...], seconds: float) -> list[Injected]:
    scene, injected = Scene(service, traffic), []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(traffic.run())
        try:
            await asyncio.sleep(seconds or _CALM_S)
            for kind in kinds:
                injected.append(await inject(kind, scene))
                await asyncio.sleep(_CALM_S)
        finally:
            traffic.over = True
    return injected


if __name__ == "__main__":
    sys.exit(main())
