"""`serve`: starts the sandbox and runs it until it is told to stop.

Source: operator.md, Start.
"""

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry_sandbox.cli.configuration import settings_from
from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.cli.final_verdict import conclude, require_usable
from registry_sandbox.cli.worker import this_worker
from registry_sandbox.server.ready_file import UnwritableReadyFile, remove_ready_file
from registry_sandbox.settings import fields, flag_of


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting."""
    parser.add_argument("--config", metavar="FILE", help="YAML file with settings")
    for field in fields():
        about = field.metadata
        kind: dict[str, Any] = {"action": "append"} if about["many"] else {}
        if field.default is False:
            kind = {"action": "store_const", "const": True}
        elif about["choices"]:
            kind["metavar"] = "|".join(about["choices"])
        else:
            kind["metavar"] = "VALUE"
        meaning = about["meaning"].replace("%", "%%")
        parser.add_argument(flag_of(field.name), dest=field.name, default=None, help=meaning, **kind)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; return 1 if the verdict falls short, which `--verdict-fail-on` asks for.

    Raises:
        CommandFailed: a setting or a file cannot be used, or the port is taken.
    """
    flags = {field.name: getattr(options, field.name) for field in fields()}
    settings = settings_from(os.environ, flags, options.config)
    if settings.ready_file is not None:
        _remove(settings.ready_file)  # before anything else: whoever waits for it must not find that of an earlier run
    worker = this_worker(os.environ)
    if worker is not None:
        settings = worker.settings(settings)
    elif settings.workers > 1:
        from registry_sandbox.cli.workers import run_workers

        require_usable(settings.verdict_file)
        return run_workers(settings, options)
    require_usable(settings.verdict_file)
    gc.disable()  # looking for garbage would take a tenth of the start; event_loop goes on with it
    with _no_certificate_authorities():
        from registry_sandbox.app import REFUSALS, build
        from registry_sandbox.cli.event_loop import run_until_stopped
        from registry_sandbox.server.bound_socket import PortTaken
    try:
        sandbox = build(settings, progress=_show_progress)
        if worker is not None:
            sandbox.bound = worker.listening()
        run_until_stopped(sandbox)
    except (*REFUSALS, PortTaken, UnwritableReadyFile) as error:
        raise CommandFailed(error) from error
    finally:
        gc.enable()
    return conclude(lambda: asyncio.run(sandbox.verdict()), settings)


def _remove(ready_file: Path) -> None:
    try:
        remove_ready_file(ready_file)
    except UnwritableReadyFile as error:
        raise CommandFailed(error) from error


def _show_progress(validated: int) -> None:
    # One line that overwrites itself, for a person who waits; a log does not need it.
    if sys.stderr.isatty():
        print(f"registry-sandbox: {validated:,} seeds validated ...", end="\r", file=sys.stderr, flush=True)


@contextmanager
def _no_certificate_authorities() -> Iterator[None]:
    # On import, aiohttp reads every certificate authority of the system, for its HTTP client: a tenth of the start, and
    # this server makes no requests.
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = os.devnull
    try:
        yield
    finally:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before
