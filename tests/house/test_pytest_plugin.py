"""The pytest plugin, in throw-away projects that pytest runs in a process of its own."""

import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from registry_sandbox.testing.running import RegistrySandbox
from tests.house.template import ROOT, Forked, Run, Template
from tests.imports import imported_by

STRICT = "[pytest]\naddopts = --strict-markers --strict-config -p no:cacheprovider\n"
WARNINGS_FAIL = "filterwarnings = error\n"


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
def project(tmp_path: Path, template: Template) -> Project:
    """Write the files of a project, and run pytest there with the plugin and no other of this environment's."""

    def run(*arguments: str, ini: str = "", plugins: Sequence[str] = (), **modules: str) -> Ran:
        tmp_path.joinpath("pytest.ini").write_text(STRICT + ("" if "filterwarnings" in ini else WARNINGS_FAIL) + ini)
        for name, text in modules.items():
            tmp_path.joinpath(f"{name}.py").write_text(text)
        loaded = [word for name in ("registry_sandbox.testing.pytest_plugin", *plugins) for word in ("-p", name)]
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
        written = tmp_path.with_name(f"{tmp_path.name}-written")
        run = Run("pytest", [*loaded, *arguments], str(tmp_path), {**os.environ, **alone})
        with Path(os.devnull).open() as nothing, written.open("w") as output:
            ran = Forked(template.become(run, [nothing, output, output]))
        return Ran(ran.ended(), written.read_text())

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
    registry_sandbox.fault("*:500", must_fire=False)
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
            "def test_a(registry_sandbox):\n    seen.append(registry_sandbox)\n"
            "    registry_sandbox.fault('*:500', must_fire=False)\n"
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
            ("registry_sandbox = fault = read:nope\n", "", '"nope" is not an effect'),
            ("", "@pytest.mark.registry_sandbox(seed_data=['nowhere'])", "nowhere: there is no such file or folder"),
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
        for ini, said in (
            ("", "a workspace there can have clock, clock_frozen, fault, no_seed_data, random_seed, but no auth"),
            ("registry_sandbox_workspace = none\n", "runs already; it cannot be set to {'auth': 'off'}"),
        ):
            ran = project("--registry-sandbox-url", running.base_url, ini=ini, test_marked=test)
            assert ran.outcomes == {"error": 1}
            assert said in ran.output

    def test_what_a_workspace_can_have_is_set(self, project: Project, running: RegistrySandbox) -> None:
        """From the ini file and from a marker; settings of the ini file that only a start can have are not."""
        ini = "registry_sandbox =\n  clock = 2019-01-18T09:00:00Z\n  clock-frozen = true\n  duplicates = refuse\n"
        test = (
            "import pytest\n"
            "def test_plain(registry_sandbox):\n"
            "    assert registry_sandbox.clock.frozen and registry_sandbox.clock.now.year == 2019\n"
            "@pytest.mark.registry_sandbox(clock='2020-01-01T00:00:00Z', no_seed_data=True, fault='read:500@x1')\n"
            "def test_marked(registry_sandbox):\n"
            "    assert registry_sandbox.clock.now.year == 2020 and registry_sandbox.appointments == {}\n"
            "    assert registry_sandbox.control.json('GET', '/health')['faults'] == ['flag-1']\n"
        )
        ran = project("--registry-sandbox-url", running.base_url, ini=ini, test_set=test)
        assert ran.outcomes == {"passed": 2}, ran.output

    @pytest.mark.parametrize(("own", "bases"), [("test", 3), ("worker", 1), ("none", 1)])
    def test_who_has_a_workspace_can_be_chosen(
        self, project: Project, running: RegistrySandbox, tmp_path: Path, own: str, bases: int
    ) -> None:
        """Each test, or each worker; without any, it is the sandbox itself. None is left behind."""
        test = (
            "import pytest\n"
            "@pytest.mark.parametrize('number', range(3))\n"
            "def test_it(registry_sandbox, number):\n"
            "    with open('bases', 'a') as bases:\n"
            "        print(registry_sandbox.base_url, file=bases)\n"
            "    registry_sandbox.register()\n"
            "    assert registry_sandbox.journal.statuses() == []\n"
        )
        ini = f"registry_sandbox_workspace = {own}\n"
        ran = project("--registry-sandbox-url", running.base_url, ini=ini, test_own=test)
        assert ran.outcomes == {"passed": 3}, ran.output
        seen = set(tmp_path.joinpath("bases").read_text().split())
        assert len(seen) == bases
        assert (seen == {running.base_url}) is (own == "none")
        assert running.control.json("GET", "/workspaces")["workspaces"] == []

    def test_workers_share_no_registry_that_is_not_divided(self, project: Project) -> None:
        """They would reset it under each other."""
        url = ("--registry-sandbox-url", "http://127.0.0.1:9/STU3")
        ini = "registry_sandbox_workspace = none\n"
        ran = project(*url, "-n", "2", ini=ini, plugins=["xdist"], test_none="")
        assert ran.status == pytest.ExitCode.USAGE_ERROR
        assert "names one registry" in ran.output
        ran = project(*url, ini="registry_sandbox_workspace = each\n", test_none="")
        assert ran.status == pytest.ExitCode.USAGE_ERROR
        assert "registry_sandbox_workspace is 'each'; expected test, worker or none" in ran.output


FAILING = """
import json
import urllib.error
import urllib.request


def call(sandbox, path, body=None):
    headers = {"Authorization": f"Bearer {sandbox.token()}", "Content-Type": "application/fhir+json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(sandbox.base_url + path, body, headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_client_that_fails(registry_sandbox):
    registry_sandbox.fault("read:503@x1")
    call(registry_sandbox, "/Appointment/booked-tomorrow")
    assert call(registry_sandbox, "/Appointment", b"{}") == 201


def test_a_client_that_passes(registry_sandbox):
    assert call(registry_sandbox, "/Appointment/booked-tomorrow") == 200
"""


class TestAFailingTest:
    """What the report of a failing test shows."""

    def test_it_shows_what_the_sandbox_saw(self, project: Project) -> None:
        """Method, path, status, the first diagnostics, the faults; nothing for a test that passes."""
        ran = project(test_client=FAILING)
        assert ran.outcomes == {"failed": 1, "passed": 1}
        section = ran.output.partition(" registry sandbox ")[2]
        assert "exchanges seen: 2" in section
        assert "GET /STU3/Appointment/booked-tomorrow -> 503   faults: http-1" in section
        assert "Injected by the fault 'http-1'." in section
        assert "POST /STU3/Appointment -> 400" in section
        assert "resourceType" in section
        assert ran.output.count(" registry sandbox ") == 1

    def test_its_whole_journal_is_a_file(self, project: Project, tmp_path: Path) -> None:
        """An HTTP Archive in the folder that was named, and only of tests that fail."""
        ran = project("--registry-sandbox-artifacts", "artifacts/har", test_client=FAILING)
        [file] = (tmp_path / "artifacts" / "har").iterdir()
        assert file.name == "test_client.py-test_a_client_that_fails.har"
        assert f"journal: artifacts/har/{file.name}" in ran.output
        entries = json.loads(file.read_text())["log"]["entries"]
        assert [each["response"]["status"] for each in entries] == [503, 400]

    def test_a_long_name_still_makes_a_file(self, project: Project, tmp_path: Path) -> None:
        """Cut, and told apart by a hash."""
        test = (
            "import pytest\n@pytest.mark.parametrize('x', ['/' * 300 + 'a', 'b' * 300 + '/..', 'b' * 300 + '/.'])\n"
            "def test_it(registry_sandbox, x): assert False\n"
        )
        project("--registry-sandbox-artifacts", str(tmp_path / "har"), test_it=test)
        assert len([*(tmp_path / "har").iterdir()]) == 3

    @pytest.mark.parametrize(
        "call",
        [
            "fault('cancel:fivehundred')",
            "hold('fivehundred')",
            "token(without=['fivehundred'])",
            "clock.set('fivehundred')",
            "clock.advance('fivehundred')",
            "clock.freeze('fivehundred')",
            "register(status='fivehundred')",
            "journal.exchanges(status='fivehundred')",
        ],
    )
    def test_a_refusal_is_told_in_the_sandboxs_words(self, project: Project, call: str) -> None:
        """First of all, and with no frame of ours."""
        ran = project(test_bad=f"def test_it(registry_sandbox):\n    registry_sandbox.{call}\n")
        assert ran.outcomes == {"failed": 1}
        [error] = [line for line in ran.output.splitlines() if line.startswith("E ")]
        assert "fivehundred" in error.partition("NoAnswer: ")[2].partition("_sandbox/")[0]
        assert "registry_sandbox/" not in ran.output

    def test_a_teardown_that_fails_shows_it_too(self, project: Project) -> None:
        """The last test's as well: the sandbox is there until the last report."""
        ran = project(
            test_late=FAILING.partition("def test_")[0]
            + "import pytest\n@pytest.fixture\ndef late(registry_sandbox):\n"
            "    yield\n    assert call(registry_sandbox, '/Appointment/nowhere') == 200\n"
            "def test_it(late): pass\n"
        )
        assert ran.outcomes == {"passed": 1, "error": 1}
        assert "GET /STU3/Appointment/nowhere -> 404" in ran.output.partition(" registry sandbox ")[2]

    def test_a_journal_that_was_too_small_says_so(self, project: Project) -> None:
        """In the section, though warnings are errors."""
        test = FAILING.replace("def test_a_client_that_fails", "def test_one").replace(
            "def test_a_client_that_passes", "def test_two"
        )
        ran = project(ini="registry_sandbox = journal-size = 1\n", test_small=test)
        assert ran.outcomes == {"failed": 1, "passed": 1}, ran.output
        assert "exchanges seen: 2 (1 dropped)" in ran.output

    def test_a_sandbox_that_is_gone_is_told(self, project: Project) -> None:
        """The report says so, and the test fails for its own reason."""
        test = "def test_it(registry_sandbox_factory):\n    registry_sandbox_factory().stop()\n    assert 1 == 2\n"
        ran = project(test_gone=test)
        assert "assert 1 == 2" in ran.output
        assert "does not answer" in ran.output


class TestFaultsThatNeverFired:
    """They fail the test, which has not tested what it says."""

    def test_a_test_that_passes_fails(self, project: Project) -> None:
        """With the reason why the fault did not fire."""
        test = FAILING.partition("def test_")[0] + (
            "def test_it(registry_sandbox):\n"
            "    registry_sandbox.fault('read/other:503')\n"
            "    registry_sandbox.fault('search:503')\n"
            "    call(registry_sandbox, '/Appointment/booked-tomorrow')\n"
        )
        ran = project(test_unfired=test)
        assert ran.outcomes == {"failed": 1}
        assert 'never fired; an exchange nearly matched (match.id: found "booked-tomorrow")' in ran.output
        assert "The fault 'http-2'" in ran.output
        assert "must_fire=False" in ran.output
        assert "Traceback" not in ran.output

    @pytest.mark.parametrize(
        ("ini", "body"),
        [
            ("", "registry_sandbox.fault('read:503', must_fire=False)"),
            ("registry_sandbox_unfired_faults = ignore\n", "registry_sandbox.fault('read:503')"),
            ("", "registry_sandbox.fault('read:503'); registry_sandbox.reset()"),
            ("", "registry_sandbox.hold('read', must_fire=False)"),
        ],
    )
    def test_it_can_be_let_pass(self, project: Project, ini: str, body: str) -> None:
        """For a call, or for the whole project."""
        ran = project(ini=ini, test_let=f"def test_it(registry_sandbox): {body}\n")
        assert ran.outcomes == {"passed": 1}, ran.output

    def test_one_that_fired_before_it_was_removed_has_fired(self, project: Project) -> None:
        """At the end of its `with`."""
        test = FAILING.partition("def test_")[0] + (
            "def test_it(registry_sandbox):\n"
            "    with registry_sandbox.fault('read:503') as fault:\n"
            "        assert call(registry_sandbox, '/Appointment/booked-tomorrow') == 503\n"
            "    assert fault.fired == 1\n"
        )
        assert project(test_removed=test).outcomes == {"passed": 1}

    def test_one_that_fired_before_somebody_else_undid_it_has_fired(self, project: Project) -> None:
        """Such as the client under test, or a helper that calls the control plane itself."""
        test = FAILING.partition("def test_")[0] + (
            "def test_it(registry_sandbox):\n"
            "    fault = registry_sandbox.fault('read:503')\n"
            "    assert call(registry_sandbox, '/Appointment/booked-tomorrow') == 503\n"
            "    registry_sandbox.control.json('DELETE', '/faults')\n"
            "    assert fault.fired == 1\n"
            "    registry_sandbox.control.json('POST', '/reset')\n"
        )
        ran = project(test_undone=test)
        assert ran.outcomes == {"passed": 1}, ran.output

    def test_those_of_the_session_are_no_matter_of_one_test(self, project: Project) -> None:
        """A test that uses the sandbox of the session answers for the faults that it sets itself."""
        ran = project(
            test_session="import pytest\n@pytest.fixture(scope='session')\ndef outage(registry_sandbox_server):\n"
            "    registry_sandbox_server.fault('read:503')\n"
            "def test_good(registry_sandbox_server, outage): pass\n"
            "def test_bad(registry_sandbox_server, outage): registry_sandbox_server.fault('cancel:503')\n"
        )
        assert ran.outcomes == {"passed": 1, "failed": 1}, ran.output
        assert "The fault 'http-2'" in ran.output
        assert "The fault 'http-1'" not in ran.output
        assert " registry sandbox " in ran.output

    def test_an_unknown_choice_is_refused(self, project: Project) -> None:
        """At the start."""
        ran = project(ini="registry_sandbox_unfired_faults = maybe\n", test_none="")
        assert (ran.status, "expected fail or ignore" in ran.output) == (pytest.ExitCode.USAGE_ERROR, True)


IMPATIENT = (
    FAILING.partition("def test_")[0]
    + """

def cancel(sandbox):
    headers = {"Authorization": f"Bearer {sandbox.token()}", "Content-Type": "application/fhir+json"}
    url = sandbox.base_url + "/Appointment/booked-tomorrow"
    with urllib.request.urlopen(urllib.request.Request(url, None, headers)) as answer:
        body = json.dumps({**json.load(answer), "status": "cancelled"}).encode()
    for _ in range(3):
        try:
            request = urllib.request.Request(url, body, {**headers, "If-Match": 'W/"1"'}, method="PUT")
            urllib.request.urlopen(request).close()
        except urllib.error.HTTPError as error:
            error.close()


def test_a_client_that_is_wrong(registry_sandbox):
    cancel(registry_sandbox)


def test_a_client_that_does_nothing(registry_sandbox):
    pass
"""
)
RULE = "a-409-is-followed-by-a-read-before-the-next-put"


class TestTheVerdict:
    """`registry_sandbox_verdict`."""

    @pytest.mark.parametrize("ini", ["", "registry_sandbox_verdict = off\n"])
    def test_nobody_is_judged_unless_it_is_wanted(self, project: Project, ini: str) -> None:
        """By default, and by off."""
        ran = project(ini=ini, test_client=IMPATIENT)
        assert ran.outcomes == {"passed": 2}, ran.output
        assert RULE not in ran.output

    def test_a_broken_must_fails_its_test(self, project: Project) -> None:
        """In a few lines, with the requirement; a test whose client did nothing passes."""
        ran = project(ini="registry_sandbox_verdict = fail\n", test_client=IMPATIENT)
        assert ran.outcomes == {"failed": 1, "passed": 1}, ran.output
        assert f"fail: {RULE} (must): After the 409" in ran.output
        assert "Cancel a registered appointment" in ran.output
        assert "Traceback" not in ran.output
        assert "pytest_plugin.py" not in ran.output

    def test_a_warning_is_one(self, project: Project) -> None:
        """It names the test and what is wrong."""
        ran = project(ini="registry_sandbox_verdict = warn\nfilterwarnings = default\n", test_client=IMPATIENT)
        assert ran.outcomes["passed"] == 2, ran.output
        assert f"ClientFindings: fail: {RULE}" in ran.output
        assert "test_a_client_that_is_wrong" in ran.output

    def test_a_test_that_fails_for_another_reason_tells_it_too(self, project: Project) -> None:
        """In the section of the sandbox."""
        test = IMPATIENT.replace("cancel(registry_sandbox)\n\n\n", "cancel(registry_sandbox)\n    assert 1 == 2\n\n\n")
        ran = project(ini="registry_sandbox_verdict = warn\n", test_client=test)
        assert ran.outcomes == {"failed": 1, "passed": 1}, ran.output
        assert f"fail: {RULE} (must)" in ran.output.partition(" registry sandbox ")[2]

    def test_an_unknown_choice_is_refused(self, project: Project) -> None:
        """At the start."""
        ran = project(ini="registry_sandbox_verdict = maybe\n", test_none="")
        assert (ran.status, "expected off, warn or fail" in ran.output) == (pytest.ExitCode.USAGE_ERROR, True)


class TestAClientOfTheSession:
    """`registry_sandbox_server` and `registry_sandbox_env`."""

    SESSION = """
import os
import pytest
import urllib.request


@pytest.fixture(scope="session")
def client(registry_sandbox_server):
    return dict(registry_sandbox_server.environment)


def test_one(client, registry_sandbox):
    assert client["REGISTRY_BASE_URL"] == registry_sandbox.base_url
    registry_sandbox.register()


def test_two(client, registry_sandbox, registry_sandbox_env):
    urllib.request.urlopen(client["REGISTRY_BASE_URL"] + "/metadata").close()
    assert registry_sandbox.journal.statuses() == [200]
    assert {name: os.environ[name] for name in registry_sandbox_env} == client
    assert set(client) == {
        "REGISTRY_BASE_URL", "REGISTRY_TOKEN_URL", "REGISTRY_CLIENT_ID", "REGISTRY_CLIENT_SECRET"
    }


def test_three():
    assert "REGISTRY_BASE_URL" not in os.environ
"""

    def test_it_is_started_once_and_reset_for_each_test(self, project: Project) -> None:
        """The client keeps its configuration; the variables end with their test."""
        ran = project(test_session=self.SESSION)
        assert ran.outcomes == {"passed": 3}, ran.output

    def test_it_may_run_elsewhere(self, project: Project, running: RegistrySandbox) -> None:
        """By its URL."""
        ran = project("--registry-sandbox-url", running.base_url, test_session=self.SESSION)
        assert ran.outcomes == {"passed": 3}, ran.output


class TestTheEndOfATest:
    """What a test began does not reach the next one."""

    def test_a_write_that_was_delayed_does_not_land_in_the_next_test(self, project: Project) -> None:
        """It is ended with its test."""
        test = FAILING.partition("def test_")[0] + (
            "import socket\nimport threading\nfrom registry_sandbox.testing import builders\n"
            "threads = []\n"
            "def test_a(registry_sandbox):\n"
            "    held = registry_sandbox.hold('register')\n"
            "    body = json.dumps(builders.appointment()).encode()\n"
            "    def send():\n"
            "        try:\n            call(registry_sandbox, '/Appointment', body)\n"
            "        except OSError:\n            pass\n"
            "    threads.append(threading.Thread(target=send))\n    threads[0].start()\n    held.wait()\n"
            "def test_b(registry_sandbox):\n"
            "    before = len(registry_sandbox.appointments)\n    threads[0].join(10)\n"
            "    assert len(registry_sandbox.appointments) == before\n    assert len(registry_sandbox.journal) == 0\n"
        )
        ran = project(test_late=test)
        assert ran.outcomes == {"passed": 2}, ran.output


class TestManners:
    """What the plugin does where nobody asked for it."""

    def test_a_project_with_a_package_called_sandbox_is_left_alone(self, project: Project, tmp_path: Path) -> None:
        """It was the name of ours once: the project's own is imported, and ours works beside it."""
        (tmp_path / "sandbox").mkdir()
        (tmp_path / "sandbox" / "__init__.py").write_text("OWN = True\n")
        (tmp_path / "sandbox" / "app.py").write_text("def answer(): return 42\n")
        test = (
            "import sandbox\nfrom sandbox.app import answer\n"
            "def test_own(): assert sandbox.OWN and answer() == 42\n"
            "def test_ours(registry_sandbox): assert registry_sandbox.register()['id']\n"
        )
        ran = project("-p", "no:randomly", ini="pythonpath = .\n", test_own=test)
        assert ran.outcomes == {"passed": 2}, ran.output

    def test_it_imports_nothing_of_the_server(self) -> None:
        """Every run of pytest loads it."""
        imported = imported_by("import registry_sandbox.testing.pytest_plugin")
        assert "registry_sandbox" in imported
        assert imported.isdisjoint(
            {"aiohttp", "lxml", "yaml", "cryptography", "jwt", "uvloop", "fhirpathpy", "xmlschema"}
        )
