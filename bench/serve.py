"""The sandbox as `registry-sandbox serve` starts it, with any number of generated appointments in it.

python -m bench.serve --generated 100000 [any argument of registry-sandbox serve]
"""

import sys
from collections.abc import Sequence
from typing import Any

from bench.appointments import fill
from registry_sandbox import app
from registry_sandbox.cli import command
from registry_sandbox.settings import Settings


def main(arguments: Sequence[str]) -> int:
    """Serve."""
    flag, count, *rest = arguments
    if flag != "--generated":
        raise SystemExit("the first argument is --generated N")
    build = app.build

    def filled(settings: Settings, **injected: Any) -> app.Sandbox:
        sandbox = build(settings, **injected)
        fill(sandbox.workspace.service.registry, int(count))
        return sandbox

    # The command line itself does all the rest: what is measured is what a user starts.
    app.build = filled
    return command.main(["serve", *rest])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
