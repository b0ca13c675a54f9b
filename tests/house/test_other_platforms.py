"""What differs on Windows, as far as it can be simulated: a loop without signal handlers, a console without UTF-8."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Never

import pytest

from registry_sandbox.app import build
from registry_sandbox.cli.event_loop import serve
from registry_sandbox.settings import Settings


class WithoutSignals(asyncio.SelectorEventLoop):
    """A loop as Windows has it."""

    def add_signal_handler(self, sig: int, callback: Callable[..., Any], *args: Any) -> Never:  # type: ignore[override]
        """Refuse, as Windows' loops do."""
        raise NotImplementedError


@pytest.fixture
def handlers_restored() -> Iterator[None]:
    """Leave the handlers of signals as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers_restored")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_sandbox_where_the_loop_has_no_signal_handlers(
    number: signal.Signals, tmp_path: Path
) -> None:
    """The ready file goes, as at any stop, and nothing is raised."""
    ready = tmp_path / "ready"
    sandbox = build(Settings(port=0, no_seed_data=True, quiet=True, ready_file=ready))

    async def served() -> None:
        serving = asyncio.create_task(serve(sandbox))
        while not ready.exists():  # noqa: ASYNC110 - a file cannot be awaited
            await asyncio.sleep(0)
        signal.raise_signal(number)
        await serving

    with asyncio.Runner(loop_factory=WithoutSignals) as runner:
        runner.run(asyncio.wait_for(served(), 30))
    assert not ready.exists()


def test_a_console_that_lacks_a_character_shows_it_escaped(tmp_path: Path) -> None:
    """A message names the offender, so it may hold any character; Windows' consoles do not have them all."""
    told = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "registry_sandbox", "--seed-data", str(tmp_path / "Termine für ☃.json")],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert told.returncode == 2
    assert "Termine für \\u2603.json" in told.stderr.decode("cp1252")
    assert b"Traceback" not in told.stderr
