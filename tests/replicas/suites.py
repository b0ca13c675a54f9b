"""The suites that other things run too, aimed at the balancer: the contract's tests, and the test kit."""

import asyncio
import sys
import time
from pathlib import Path

from tests.replicas.exchange import HOST
from tests.replicas.processes import ROOT

_KIT = Path(__file__).with_name("through_the_kit.py")


async def suites(port: int, selected: str) -> bool:
    """Run both, print how each ended, and return whether both passed."""
    base = f"http://{HOST}:{port}/STU3"
    chosen = ("-k", selected) if selected else ()
    spec = await _passes("tests/spec", "tests/spec", *chosen, "--base-url", base)
    kit = await _passes("the test kit", f"{_KIT}", "--registry-sandbox-url", base)
    return spec and kit


async def _passes(name: str, *arguments: str) -> bool:
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    said = (await process.communicate())[0].decode().splitlines() or [""]
    passed = process.returncode == 0
    for line in said[-1:] if passed else said[-60:]:
        print(f"{name} through the balancer: {line}" if line == said[-1] else line)
    print(f"    {time.monotonic() - began:.0f} s")
    return passed
