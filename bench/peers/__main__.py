"""`make peers`: the sandbox beside other servers in one conversation, as the table of docs/performance.md.

python -m bench.peers [--only NAME,...] [--starts N] [--rounds N] [--warm SECONDS]

What cannot be had is skipped, and said: WireMock, MockServer and HAPI need Java and Maven, mountebank and Prism need
Node, the rates need wrk.
"""

import argparse
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.peers.conversation import STEPS
from bench.peers.kinds import KINDS, Kind
from bench.peers.measuring import Found, Plan, measure
from bench.peers.tools import CannotBeHad

_RESULTS = Path(__file__).parent.parent / "results"
_HEAD = (
    "| server | taught | as the contract | start | memory, idle and loaded | reads/s | registers/s |\n"
    "|---|---|---|---|---|---|---|"
)


def main() -> int:
    """Measure every server that can be had, print the table, and what each answers otherwise."""
    options = _options()
    if not shutil.which("wrk"):
        print("\n*** make peers: SKIPPED: there is no wrk on this machine ***\n")
        return 0
    plan = Plan(options.starts, options.warm, options.rounds)
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}\n\n{_HEAD}", flush=True)
    wanted = options.only.split(",") if options.only else [""]
    kinds = [kind for kind in KINDS if any(name.lower() in kind.name.lower() for name in wanted)]
    found = [each for each in (_measured(kind, plan) for kind in kinds) if each]
    _tell_the_steps(found)
    _keep(found)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make peers ARGS=...", description=__doc__)
    parser.add_argument("--only", help="parts of servers' names, with commas between")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warm", type=int, default=5, metavar="SECONDS", help="of load before each rate is measured")
    return parser.parse_args()


def _measured(kind: Kind, plan: Plan) -> Found | None:
    try:
        found = measure(kind, plan)
    except CannotBeHad as missing:
        print(f"*** {kind.name}: SKIPPED: {missing} ***", file=sys.stderr)
        return None
    print(found.row(), flush=True)
    return found


def _tell_the_steps(found: list[Found]) -> None:
    print(f"\n| step | {' | '.join(each.name for each in found)} |\n|---|{'---|' * len(found)}")
    for name, _ in STEPS:
        print(f"| {name} | {' | '.join(_answered(each, name) for each in found)} |")


def _answered(found: Found, step: str) -> str:
    if step not in found.unlike:
        return "yes"
    status = found.unlike[step]
    return "no answer" if not status else f"other content ({status})" if step.endswith(f": {status}") else str(status)


def _keep(found: list[Found]) -> None:
    _RESULTS.mkdir(exist_ok=True)
    path = _RESULTS / f"peers-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps([each.as_json() for each in found], indent=1) + "\n")
    print(f"\nwritten to {path}")


if __name__ == "__main__":
    sys.exit(main())
