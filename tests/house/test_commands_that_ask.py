"""The subcommands that ask a running sandbox: token, health, fault, clock, verdict; and how they find it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from registry_sandbox.cli.command import main
from registry_sandbox.testing.running import RegistrySandbox

Run = Callable[..., tuple[int, str, str]]
ASKING: list[list[str]] = [["token"], ["health"], ["fault", "list"], ["clock"], ["verdict", "--min-coverage", "0"]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; return its exit status and what it printed, on stdout and stderr."""

    def ran(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return ran


class TestFindingTheSandbox:
    """By --url, or by the environment of the server."""

    @pytest.mark.parametrize("command", ASKING, ids=lambda words: words[0])
    def test_the_servers_environment_names_it(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str]
    ) -> None:
        """TLS, port and control token; the certificate of this very machine is not checked."""
        with RegistrySandbox(tls="server", control_token="open", no_seed_data=True) as sandbox:
            monkeypatch.setenv("SANDBOX_TLS", "server")
            monkeypatch.setenv("SANDBOX_PORT", str(urlsplit(sandbox.base_url).port))
            monkeypatch.setenv("SANDBOX_CONTROL_TOKEN", "open")
            status, _, errors = run(*command)
            assert (status, errors) == (0, "")

    @pytest.mark.parametrize("command", ASKING, ids=lambda words: words[0])
    def test_a_url_with_its_authority_and_token(self, run: Run, command: list[str]) -> None:
        """--ca-file says whom to trust, --control-token opens the control plane."""
        with RegistrySandbox(tls="server", control_token="open", no_seed_data=True) as sandbox:
            trusted = ["--ca-file", str(sandbox.certificates / "ca.pem")]
            url = ["--url", sandbox.base_url]
            assert run(*command, *url, *trusted, "--control-token", "open")[0] == 0
            status, _, errors = run(*command, *url, "--control-token", "open")
            assert status == (1 if command == ["health"] else 2)
            assert "certificate is not trusted" in errors
            assert "--ca-file" in errors

    @pytest.mark.parametrize("content", [None, "no certificate"])
    def test_an_authority_that_cannot_be_used_is_named(self, run: Run, tmp_path: Path, content: str | None) -> None:
        """A file that is not there, or holds none."""
        file = tmp_path / "ca.pem"
        if content is not None:
            file.write_text(content)
        status, _, errors = run("health", "--url", "https://127.0.0.1:1", "--ca-file", str(file))
        assert (status, errors.count("\n")) == (2, 1)
        assert str(file) in errors

    def test_a_host_name_that_is_not_known_is_told(self, run: Run) -> None:
        """Not by the number of an error."""
        status, _, errors = run("health", "--url", "http://nowhere.invalid:8080")
        assert status == 1
        assert errors.endswith("does not answer: the host name is not known\n")

    def test_a_port_on_which_nothing_listens_is_told(self, run: Run) -> None:
        """Not by the number of an error either."""
        status, _, errors = run("clock", "--url", "http://127.0.0.1:9")
        assert status == 2
        assert errors.endswith(
            ":9/_sandbox/clock does not answer: nothing listens there; is the sandbox running, and on this port?\n"
        )

    @pytest.mark.parametrize("path", ["", "/", "/STU3/", "/STU3/Appointment/1", "/_sandbox", "/_sandbox/faults"])
    def test_any_url_of_the_sandbox_will_do(self, run: Run, running: RegistrySandbox, path: str) -> None:
        """The root, the base, the control root, and what is below them."""
        assert run("health", "--url", running.base_url.removesuffix("/STU3") + path) == (0, "", "")

    def test_a_base_with_a_prefix(self, run: Run) -> None:
        """The control plane is inside the prefix."""
        with RegistrySandbox(base_url="https://registry.example.test/nhs/STU3", no_seed_data=True) as sandbox:
            assert sandbox.base_url.endswith("/nhs/STU3")
            assert run("health", "--url", sandbox.base_url)[0] == 0


class TestToken:
    """registry-sandbox token."""

    def test_what_is_misspelt_is_refused(self, run: Run, running: RegistrySandbox) -> None:
        """One line, exit status 2; no token that would be a good one."""
        for wrong in (["--without", "audd"], ["--client", "nobody"], ["--claim", "exp"], ["--expires-in", "soon"]):
            status, printed, errors = run("token", "--url", running.base_url, *wrong)
            assert (status, printed, errors.count("\n")) == (2, "", 1)

    def test_it_is_for_the_registry_where_the_control_plane_is_apart(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The token opens the registry."""
        with RegistrySandbox(control_port=0) as sandbox:
            monkeypatch.setenv("SANDBOX_CONTROL_PORT", str(urlsplit(sandbox.control_url).port))
            _, token, _ = run("token")
            bearer = {"Authorization": f"Bearer {token.strip()}"}
            assert httpx.get(f"{sandbox.base_url}/Appointment/booked-tomorrow", headers=bearer).status_code == 200


class TestFault:
    """registry-sandbox fault."""

    @pytest.fixture
    def url(self, sandbox: RegistrySandbox) -> list[str]:
        """The sandbox to ask, as at its start."""
        return ["--url", sandbox.base_url]

    def test_one_is_added_listed_and_removed(self, run: Run, url: list[str]) -> None:
        """By a short form and as JSON; the sentinels are listed only if asked for."""
        status, added, _ = run("fault", "add", "read:503@x1", '{"id": "mine", "then": {"status": 500}}', *url)
        assert (status, added.split()[1:]) == (0, ["mine"])
        _, listed, _ = run("fault", "list", *url)
        assert [line.split()[0] for line in listed.splitlines()] == [*added.split()][::-1]
        assert '"status": 503' in listed
        assert "matched 0, fired 0" in listed
        assert run("fault", "rm", *added.split(), *url) == (0, "", "")
        assert run("fault", "list", *url) == (0, "", "")
        assert "sentinel-read-500" in run("fault", "list", "--all", *url)[1]

    def test_what_is_held_is_released(self, run: Run, url: list[str]) -> None:
        """Nothing is held here, so nothing is told; an exchange that is not held is named."""
        run("fault", "add", '{"id": "held", "then": {"hold": true}}', *url)
        assert run("fault", "release", "held", *url) == (0, "", "")
        status, _, errors = run("fault", "release", "held", "--exchange", "7", *url)
        assert status == 2
        assert "Exchange 7 is not held" in errors

    def test_a_number_behind_a_rule_releases_nothing(self, run: Run, url: list[str]) -> None:
        """It is no rule; the exchange that was meant is the only one that goes on when it is named as one."""
        run("fault", "add", '{"id": "held", "match": {"interaction": "read"}, "then": {"hold": true}}', *url)
        base = url[1]
        with ThreadPoolExecutor() as pool:
            token = httpx.get(base.replace("/STU3", "/_sandbox/token")).text
            headers = {"Authorization": f"Bearer {token}"}
            read = [pool.submit(httpx.get, f"{base}/Appointment/booked-tomorrow", headers=headers) for _ in range(2)]
            one, two = self._held(base, 2)
            status, _, errors = run("fault", "release", "held", str(one), *url)
            assert (status, self._held(base, 2)) == (2, [one, two])
            assert f"did you mean release held --exchange {one}?" in errors
            assert run("fault", "release", "held", "--exchange", str(one), *url) == (0, f"{one}\n", "")
            assert self._held(base, 1) == [two]
            assert run("fault", "release", "held", *url) == (0, f"{two}\n", "")
            assert [each.result().status_code for each in read] == [200, 200]

    @staticmethod
    def _held(base: str, count: int) -> list[int]:
        url = f"{base.replace('/STU3', '/_sandbox')}/faults/held/held?wait=20s&count={count}"
        answer = httpx.get(url, timeout=30)
        assert answer.status_code == 200, answer.text
        return [each["exchange"] for each in answer.json()["held"]]

    def test_one_unknown_rule_leaves_the_others(self, run: Run, url: list[str]) -> None:
        """What can be removed is removed only if all can."""
        run("fault", "add", '{"id": "mine", "then": {"status": 500}}', *url)
        assert run("fault", "rm", "mine", "yours", *url)[0] == 2
        assert run("fault", "list", *url)[1].startswith("mine ")

    @pytest.mark.parametrize(
        ("words", "named"),
        [
            (["add"], "expected a rule"),
            (["rm"], "expected the ids of rules"),
            (["list", "mine"], "expected no argument"),
            (["add", "cancl:500"], "cancl"),
            (["add", '{"then"'], "not JSON"),
            (["rm", "nobody"], "'nobody'"),
            (["rm", "nobody", "--exchange", "3"], "--exchange 3 goes with release"),
            (["release", "one", "two", "--exchange", "3"], "the id of one rule"),
            (["release", "nobody", "--exchange", "3"], "'nobody'; nothing was done\n"),
            (["release", "3"], "'3'; nothing was done\n"),
        ],
    )
    def test_what_cannot_be_done_is_named(self, run: Run, url: list[str], words: list[str], named: str) -> None:
        """Exit status 2 and one line."""
        status, _, errors = run("fault", *words, *url)
        assert (status, errors.count("\n")) == (2, 1)
        assert named in errors


class TestClock:
    """registry-sandbox clock."""

    @pytest.fixture
    def url(self, sandbox: RegistrySandbox) -> list[str]:
        """The sandbox to ask, as at its start."""
        return ["--url", sandbox.base_url]

    def test_it_is_set_frozen_advanced_and_shown(self, run: Run, url: list[str]) -> None:
        """Each prints what the clock shows then."""
        assert run("clock", "freeze", "2031-01-01T12:00:00Z", *url)[1] == "2031-01-01T12:00:00.000+00:00 frozen\n"
        assert run("clock", "advance", "2d", *url)[1] == "2031-01-03T12:00:00.000+00:00 frozen\n"
        assert run("clock", *url, "advance", "--", "-1d")[1] == "2031-01-02T12:00:00.000+00:00 frozen\n"
        assert run("clock", "set", "2032-01-01T00:00:00Z", *url)[1] == "2032-01-01T00:00:00.000+00:00 frozen\n"
        assert run("clock", *url)[1] == "2032-01-01T00:00:00.000+00:00 frozen\n"
        assert run("clock", "unfreeze", *url)[1].startswith("2032-01-01T00:00:0")
        assert "frozen" not in run("clock", "show", *url)[1]

    @pytest.mark.parametrize(
        ("words", "named"),
        [
            (["set"], "expected an instant"),
            (["advance"], "expected a time"),
            (["show", "2d"], "expected no value"),
            (["set", "tomorrow"], "clock.now"),
            (["advance", "1 day"], "clock.advance"),
        ],
    )
    def test_what_cannot_be_set_is_named(self, run: Run, url: list[str], words: list[str], named: str) -> None:
        """Exit status 2 and one line."""
        status, _, errors = run("clock", *words, *url)
        assert (status, errors.count("\n")) == (2, 1)
        assert named in errors
