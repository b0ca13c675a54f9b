"""The pytest plugin, in throw-away projects that pytest runs in a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from registry_sandbox.testing.running import RegistrySandbox

ROOT = Path(__file__).parents[2]
STRICT = "[pytest]\naddopts = --strict-markers --strict-config -p no:cacheprovider\nfilterwarnings = error\n"


class Ran(NamedTuple):
    """What a run of pytest gave."""

    status: int
    output: str

    @property
    def outcomes(self) -> dict[str, int]:
        """How many tests had which outcome, from the last line."""
        last = self.output.strip().splitlines()[-1]
        return {
            word.rstrip("s"): int(count) for count, word in re.findall(r"(\d+) (passed|failed|errors?|skipped)", last)
        }


Project = Callable[..., Ran]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Write the files of a project, and run pytest there with the plugin and no other of this environment's."""

    def run(*arguments: str, ini: str = "", plugins: Sequence[str] = (), **modules: str) -> Ran:
        tmp_path.joinpath("pytest.ini").write_text(STRICT + ini)
        for name, text in modules.items():
            tmp_path.joinpath(f"{name}.py").write_text(text)
        loaded = [word for name in ("registry_sandbox.testing.pytest_plugin", *plugins) for word in ("-p", name)]
        done = subprocess.run(  # noqa: S603 - our own Python
            [sys.executable, "-m", "pytest", *loaded, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout + done.stderr)

    return run


THREE_TESTS = """
import asyncio
import urllib.request


def get(sandbox, path):
    request = urllib.request.Request(sandbox.base_url + path, headers={"Authorization": f"Bearer {sandbox.token()}"})
    with urllib.request.urlopen(request) as answer:
        return answer.status


def test_registers(registry_sandbox):
    registered = registry_sandbox.register()
    assert get(registry_sandbox, f"/Appointment/{registered['id']}") == 200


def test_starts_afresh(registry_sandbox):
    assert registry_sandbox.journal.statuses() == []
    registry_sandbox.fault("*:500")
    registry_sandbox.clock.freeze("2019-01-18T09:00:00Z")


def test_in_a_coroutine(registry_sandbox):
    async def look():
        return await asyncio.to_thread(get, registry_sandbox, "/metadata")

    assert not registry_sandbox.clock.frozen
    assert asyncio.run(look()) == 200
"""


class TestTheFixture:
    """`registry_sandbox`."""

    def test_each_test_meets_the_start(self, project: Project) -> None:
        """What one test does, the next does not see; warnings are errors, and there is none."""
        ran = project(test_client=THREE_TESTS)
        assert ran.outcomes == {"passed": 3}, ran.output

    def test_each_worker_has_its_own(self, project: Project) -> None:
        """Under pytest-xdist."""
        ran = project("-n", "2", "--dist", "each", plugins=["xdist"], test_client=THREE_TESTS)
        assert ran.outcomes == {"passed": 6}, ran.output

    def test_a_coroutine_is_given_it(self, project: Project) -> None:
        """Where another plugin runs the tests that are coroutines."""
        ran = project(
            plugins=["anyio.pytest_plugin"],
            test_async="import pytest\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"
            "@pytest.mark.anyio\nasync def test_it(registry_sandbox): assert registry_sandbox.register()['id']\n",
        )
        assert ran.outcomes == {"passed": 1}, ran.output

    def test_one_server_serves_the_session(self, project: Project) -> None:
        """To start one for each test would cost more than the tests."""
        ran = project(
            test_a="def test_a(registry_sandbox, record): record(registry_sandbox.base_url)",
            test_b="def test_b(registry_sandbox, record): record(registry_sandbox.base_url)",
            conftest="import pytest\nseen = set()\n@pytest.fixture\n"
            "def record():\n    yield seen.add\n    assert len(seen) == 1\n",
        )
        assert ran.outcomes == {"passed": 2}, ran.output

    def test_faults_end_with_the_test(self, project: Project) -> None:
        """Even for what looks at the same sandbox without the fixture."""
        ran = project(
            test_faults="seen = []\n"
            "def test_a(registry_sandbox):\n    registry_sandbox.fault('*:500')\n    seen.append(registry_sandbox)\n"
            "def test_b():\n    assert seen[0].control.json('GET', '/health')['faults'] == []\n"
        )
        assert ran.outcomes == {"passed": 2}, ran.output

    def test_it_is_in_the_list_of_fixtures(self, project: Project) -> None:
        """With a sentence that says what it is."""
        ran = project("--fixtures", test_none="")
        assert "registry_sandbox -- " in ran.output
        assert "A registry sandbox on a free port of this machine" in ran.output


class TestTheFactory:
    """`registry_sandbox_factory`."""

    def test_it_starts_sandboxes_of_the_tests_own(self, project: Project) -> None:
        """Two registries, with settings of their own over those of the ini file; they stop with the test."""
        ran = project(
            ini="registry_sandbox =\n    no-seed-data = true\n    no-sentinels = true\n",
            test_factory="import pytest\nfrom registry_sandbox.cli.control_client import NoAnswer\nleft = []\n"
            "def test_two(registry_sandbox_factory):\n"
            "    one, other = registry_sandbox_factory(), registry_sandbox_factory(duplicates='refuse')\n"
            "    one.register()\n    left.append(one)\n"
            "    assert len(one.appointments) == 1\n    assert other.appointments == {}\n"
            "def test_stopped():\n    with pytest.raises(NoAnswer):\n        left[0].token()\n",
        )
        assert ran.outcomes == {"passed": 2}, ran.output


class TestSettings:
    """From the ini file and by marker."""

    def test_the_marker_goes_over_the_ini_file(self, project: Project) -> None:
        """The closest marker wins; a repeated key is a list."""
        ran = project(
            ini="registry_sandbox =\n    clock = 2019-01-18T09:00:00Z\n    clock-frozen = true\n"
            "    fault = read:500\n    fault = search:503\n",
            test_settings="import pytest\n"
            "pytestmark = pytest.mark.registry_sandbox(clock='2020-01-01T00:00:00Z')\n"
            "def year(sandbox): return sandbox.clock.now.year, len(sandbox.control.json('GET', '/health')['faults'])\n"
            "def test_module(registry_sandbox): assert year(registry_sandbox) == (2020, 2)\n"
            "@pytest.mark.registry_sandbox(clock='2021-01-01T00:00:00Z', fault=[])\n"
            "def test_function(registry_sandbox): assert year(registry_sandbox) == (2021, 0)\n",
            test_plain="def test_ini(registry_sandbox): assert registry_sandbox.clock.now.year == 2019\n",
        )
        assert ran.outcomes == {"passed": 3}, ran.output

    @pytest.mark.parametrize(
        ("ini", "test", "said"),
        [
            ("registry_sandbox = porto = 1\n", "", "'porto' is not a setting"),
            ("registry_sandbox = verbose\n", "", "expected key = value"),
            ("", "@pytest.mark.registry_sandbox(auth='maybe')", "auth: 'maybe' cannot be used"),
            ("", "@pytest.mark.registry_sandbox('off')", "takes settings by keyword only"),
        ],
    )
    def test_what_cannot_be_used_is_one_line(self, project: Project, ini: str, test: str, said: str) -> None:
        """The error names it, without a traceback of ours."""
        ran = project(ini=ini, test_bad=f"import pytest\n{test}\ndef test_it(registry_sandbox): pass\n")
        assert ran.outcomes == {"error": 1}
        assert said in ran.output
        assert "Traceback" not in ran.output
        assert "pytest_plugin.py" not in ran.output


class TestElsewhere:
    """A sandbox that runs already, such as a container."""

    def test_its_url_is_enough(self, project: Project, running: RegistrySandbox) -> None:
        """The same tests, aimed at it."""
        ran = project("--registry-sandbox-url", running.base_url, test_client=THREE_TESTS)
        assert ran.outcomes == {"passed": 3}, ran.output

    def test_its_settings_cannot_be_changed(self, project: Project, running: RegistrySandbox) -> None:
        """A marker that wants others is an error, not a test of something else."""
        test = "import pytest\n@pytest.mark.registry_sandbox(auth='off')\ndef test_it(registry_sandbox): pass\n"
        ran = project("--registry-sandbox-url", running.base_url, test_marked=test)
        assert ran.outcomes == {"error": 1}
        assert "runs already; it cannot be set to {'auth': 'off'}" in ran.output

    def test_workers_do_not_share_it(self, project: Project) -> None:
        """They would reset it under each other."""
        ran = project("--registry-sandbox-url", "http://127.0.0.1:9/STU3", "-n", "2", plugins=["xdist"], test_none="")
        assert ran.status == pytest.ExitCode.USAGE_ERROR
        assert "names one registry" in ran.output


class TestManners:
    """What the plugin does where nobody asked for it."""

    def test_it_imports_nothing_of_the_server(self) -> None:
        """Every run of pytest loads it."""
        code = (
            "import sys, registry_sandbox.testing.pytest_plugin; "
            "print(*sorted(each for each in sys.modules if '.' not in each))"
        )
        done = subprocess.run(  # noqa: S603 - our own Python
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        imported = set(done.stdout.split())
        assert "registry_sandbox" in imported
        assert imported.isdisjoint(
            {"aiohttp", "lxml", "yaml", "cryptography", "jwt", "uvloop", "fhirpathpy", "xmlschema"}
        )
