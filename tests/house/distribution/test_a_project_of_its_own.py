"""A project outside this repository, with the wheel installed: its tests use the fixture, and the recipes hold."""

import re
from pathlib import Path

import pytest

from tests.house.distribution.conftest import ROOT, Environment, run

RECIPES = (ROOT / "docs" / "testing-recipes.md").read_text()


def recipes() -> str:
    """The Python blocks of the recipes that are tests, as one module."""
    blocks = re.findall(r"```python\n(.*?)```", RECIPES, re.DOTALL)
    return "\n\n".join(block for block in blocks if "def test_" in block)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two workers"])
def test_the_recipes_hold_where_only_the_wheel_is_installed(
    installed: Environment, tmp_path: Path, workers: list[str]
) -> None:
    """Every recipe of the documentation runs as it stands, with warnings as errors, found by its entry point."""
    tmp_path.joinpath("pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    tmp_path.joinpath("test_recipes.py").write_text(recipes())
    printed = run(installed.python, "-m", "pytest", "-p", "no:cacheprovider", *workers, cwd=tmp_path)
    assert f"{recipes().count('def test_')} passed" in printed


def test_the_plugin_goes_by_its_name(installed: Environment, tmp_path: Path) -> None:
    """`-p no:registry_sandbox` leaves it out."""
    printed = run(installed.python, "-m", "pytest", "-p", "no:registry_sandbox", "--markers", cwd=tmp_path)
    assert "registry_sandbox(**settings)" not in printed
    assert "registry_sandbox(**settings)" in run(installed.python, "-m", "pytest", "--markers", cwd=tmp_path)
