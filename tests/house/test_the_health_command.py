"""`registry-sandbox health`: reads the same environment as the server, and so finds it."""

from urllib.parse import urlsplit

import pytest

from registry_sandbox.cli.command import main
from registry_sandbox.testing.running import RegistrySandbox


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without settings of ours, to put some in."""
    for name in ("SANDBOX_PORT", "SANDBOX_HOST", "SANDBOX_TLS", "SANDBOX_CONTROL_PORT", "SANDBOX_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def port_of(url: str) -> str:
    """The port of a URL."""
    return str(urlsplit(url).port)


@pytest.mark.parametrize("tls", ["off", "server"])
def test_it_finds_the_control_plane_on_the_registrys_port(environment: pytest.MonkeyPatch, tls: str) -> None:
    """Over TLS too, whatever certificate is shown: the sandbox asks itself."""
    with RegistrySandbox(tls=tls, no_seed_data=True) as sandbox:
        environment.setenv("SANDBOX_PORT", port_of(sandbox.base_url))
        environment.setenv("SANDBOX_TLS", tls)
        assert main(["health"]) == 0


def test_it_finds_the_control_plane_apart(environment: pytest.MonkeyPatch) -> None:
    """Under mutual TLS it is plain, on a port of its own."""
    with RegistrySandbox(tls="mutual", no_seed_data=True) as sandbox:
        environment.setenv("SANDBOX_TLS", "mutual")
        environment.setenv("SANDBOX_CONTROL_PORT", port_of(sandbox.control_url))
        assert main(["health"]) == 0


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"SANDBOX_HOST": "127.1.2.3", "SANDBOX_TLS": "mutual"}, "http://127.1.2.3:8081/"),
        ({"SANDBOX_HOST": "127.1.2.3", "SANDBOX_TLS": "server"}, "https://127.1.2.3:8080/"),
        ({"SANDBOX_HOST": "0.0.0.0", "SANDBOX_PORT": "1"}, "http://127.0.0.1:1/"),  # noqa: S104 - nothing listens
        ({"SANDBOX_HOST": "::", "SANDBOX_PORT": "1"}, "http://[::1]:1/"),
    ],
)
def test_where_nothing_answers_it_says_where_it_asked(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: dict[str, str], asked: str
) -> None:
    """Exit status 1, and one line."""
    for name, value in settings.items():
        environment.setenv(name, value)
    assert main(["health"]) == 1
    assert f"{asked}_sandbox/health does not answer" in capsys.readouterr().err


def test_a_bad_setting_is_named(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, as at the start of the server."""
    environment.setenv("SANDBOX_PORT", "many")
    assert main(["health"]) == 2
    assert "SANDBOX_PORT" in capsys.readouterr().err


def test_a_named_url_is_asked_instead(running: RegistrySandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the environment says."""
    assert main(["health", "--url", running.base_url]) == 0
    assert main(["health", "--url", "nowhere"]) == 2
    assert "expected one such as http://127.0.0.1:8080" in capsys.readouterr().err
