"""The distribution, built from a clean copy of the tree, and an environment with only the wheel and what it needs."""

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
# What `git archive` would give of the files that a build reads; nothing that a build or a test has left behind.
SOURCES = (
    "sandbox",
    "profiles",
    "scenarios",
    "seed_data",
    "setup.cfg",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "THIRD-PARTY-NOTICES.md",
)


class Built(NamedTuple):
    """What `python -m build` made, and what it said."""

    wheel: Path
    sdist: Path
    output: str


class Environment(NamedTuple):
    """A virtual environment."""

    python: Path
    folder: Path

    def command(self, name: str) -> Path:
        """Return a console script."""
        return self.python.with_name(name)


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command with this environment and nothing of ours, and give what it printed; it must succeed."""
    done = subprocess.run(  # noqa: S603 - the commands of these tests
        [str(part) for part in command],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return f"{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def source_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the distribution is built from: clean, but for bytecode beside data, as every run leaves it."""
    folder = tmp_path_factory.mktemp("export")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, folder / name)
    left_behind = folder / "sandbox" / "registry_sandbox" / "control" / "console" / "__pycache__"
    left_behind.mkdir()
    left_behind.joinpath("__init__.cpython-311.pyc").touch()
    return folder


@pytest.fixture(scope="session")
def built(source_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sdist, and the wheel that is built from the sdist; no package registry is asked."""
    folder = tmp_path_factory.mktemp("dist")
    output = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source_tree, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    return Built(wheel, sdist, output)


def make_environment(folder: Path) -> Environment:
    """Make an environment without our distribution; what that needs is lent by the environment that runs the tests."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    purelib = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    # A line of a .pth file is put behind the environment's own packages, and .pth files over there are not read:
    # so an editable install of this tree is not seen.
    Path(purelib, "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return Environment(python, folder)


def install(environment: Environment, *what: str | Path) -> None:
    """Install without asking a package registry."""
    pip = (sys.executable, "-m", "pip", "--python", environment.python, "install", "--no-deps", "--no-index")
    run(*pip, "--no-build-isolation", *what, cwd=environment.folder, PIP_CONFIG_FILE="/dev/null")


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel."""
    environment = make_environment(tmp_path_factory.mktemp("wheel"))
    install(environment, built.wheel)
    return environment
