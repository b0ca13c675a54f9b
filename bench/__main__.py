"""`make bench`: everything that docs/performance.md reports, as one table and one JSON file.

python -m bench [--quick] [--parts rates,crowded,start,growth,workspaces,replicas,many] [--rows NAME,...] [--rounds N]
                [--client auto|wrk|own]
"""

import argparse
import json
import os
import platform
import statistics
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import followers, growth, many, rates, replicas, starting, workspaces
from bench.load import CONNECTIONS, generator
from bench.rates import Measured
from bench.rows import ROWS, row_named, rows_named

_RESULTS = Path(__file__).parent / "results"
_PARTS = ("rates", "crowded", "start", "growth", "workspaces", "replicas")
_OF_ITS_OWN = "many"
"""A part that is measured only where it is named: it takes ten minutes, and four gigabytes."""

_CROWD = 256
"""How many connections the part `crowded` opens."""


def main() -> None:
    """Measure what is asked for."""
    options = _options()
    client = generator(options.client)
    report: dict[str, Any] = {"machine": _machine(client), "quick": options.quick}
    print(f"{json.dumps(report['machine'])}\n", flush=True)
    if "rates" in options.parts:
        report["rates"] = _rates(options, client)
    if "crowded" in options.parts:
        report["crowded"] = _crowded(options, client)
    if "start" in options.parts:
        report["start"] = _starts(quick=options.quick)
    if "growth" in options.parts:
        report["growth"] = _growth(client, quick=options.quick)
    if "workspaces" in options.parts:
        report["workspaces"] = _workspaces(quick=options.quick)
    if "replicas" in options.parts:
        print("\nreplicas")
        report["replicas"] = replicas.measure(client, rounds=options.rounds, told=_print_line)
        report["followers"] = followers.measure(client, rounds=options.rounds, told=_print_line)
    if "many" in options.parts:
        print("\nmany appointments in replicas")
        report["many"] = many.measure(client, 10_000 if options.quick else 1_000_000, _print_line)
        _print_line(report["many"])
    _RESULTS.mkdir(exist_ok=True)
    path = options.out or _RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"\nwritten to {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute: one round, one loop, small sizes")
    parser.add_argument("--parts", type=_parts, default=list(_PARTS), help=",".join((*_PARTS, _OF_ITS_OWN)))
    parser.add_argument("--rows", type=rows_named, default=ROWS, help="rows, or parts of names, with commas between")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--client", choices=("auto", "wrk", "own"), default="auto")
    parser.add_argument("--out", type=Path, help="the JSON file; default: bench/results/<time>.json")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 7)
    return options


def _parts(text: str) -> list[str]:
    named = text.split(",")
    if unknown := [each for each in named if each not in (*_PARTS, _OF_ITS_OWN)]:
        expected = ", ".join((*_PARTS, _OF_ITS_OWN))
        raise argparse.ArgumentTypeError(f"no part is called {unknown[0]!r}; expected some of {expected}")
    return named


def _machine(client: str) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "client": f"{client}, {CONNECTIONS} connections",
        **{name: version(name) for name in ("aiohttp", "uvloop", "lxml")},
    }


def _rates(options: argparse.Namespace, client: str) -> list[dict[str, Any]]:
    loops = ("uvloop",) if options.quick else ("uvloop", "asyncio")
    plan = rates.Plan(client, options.rounds, 1, loops)
    beside = " ".join(f"{f'bare {loop}/s':>14} {'ratio':>6} {'spread':>11} {'cpu':>6}" for loop in loops)
    print(f"{'row':20} {'sandbox/s':>10} {beside}   goal")
    measured = rates.measure(options.rows, plan, _print_row)
    return [each.as_json() for each in measured]


def _crowded(options: argparse.Namespace, client: str) -> list[dict[str, Any]]:
    """Measure how long cancels take, in the slowest of a hundred, when many clients send them."""
    print(f"\n99 of 100 cancels, {_CROWD} connections")
    plan = rates.Plan(client, options.rounds, 1, ("uvloop",), _CROWD)
    measured = rates.measure((row_named("cancel JSON"),), plan, _print_p99)
    return [each.as_json() for each in measured]


def _print_p99(measured: Measured) -> None:
    ours, bare = (statistics.median(measured.p99_us[each]) / 1_000 for each in ("sandbox", "uvloop"))
    print(f"  sandbox {ours:.1f} ms, bare uvloop {bare:.1f} ms, ratio {measured.p99_ratio('uvloop'):.2f}", flush=True)


def _print_row(measured: Measured) -> None:
    columns = [f"{measured.row.name:20} {statistics.median(measured.rates['sandbox']):10,.0f}"]
    for loop in (name for name in measured.rates if name != "sandbox"):
        ratios = measured.ratios(loop)
        spread = f"{ratios[0]:.2f}-{ratios[-1]:.2f}"
        columns.append(f"{statistics.median(measured.rates[loop]):14,.0f} {statistics.median(ratios):6.2f}")
        columns.append(f"{spread:>11} {measured.cpu_ratio(loop):6.2f}")
    goal = measured.row.goal
    columns.append("" if goal is None else f"{goal:6.2f}")
    print(" ".join(columns), flush=True)


def _starts(*, quick: bool) -> dict[str, Any]:
    print("\nstart")
    shipped = starting.shipped(1 if quick else 7)
    print(f"  {json.dumps(shipped)}", flush=True)
    return {"shipped": shipped, "seeded": starting.seeded([1_000] if quick else [10_000, 100_000], _print_line)}


def _growth(client: str, *, quick: bool) -> dict[str, Any]:
    print("\nsize")
    sizes = growth.sizes([10_000] if quick else [1_000, 10_000, 100_000, 1_000_000], _print_line)
    after = growth.memory_after(10_000 if quick else 1_000_000, client)
    _print_line(after)
    return {"sizes": sizes, "memory": after}


def _workspaces(*, quick: bool) -> dict[str, Any]:
    print("\nworkspaces")
    measured = {
        "workspaces": workspaces.measure(100 if quick else 1_000),
        "state": workspaces.state(1_000 if quick else 100_000),
    }
    _print_line(measured)
    return measured


def _print_line(told: dict[str, Any]) -> None:
    print(f"  {json.dumps(told)}", flush=True)


if __name__ == "__main__":
    main()
