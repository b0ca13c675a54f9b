"""scenarios/: outages by name, as the clock moves through them."""

import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import yaml

from registry_sandbox.faults.configured import configured
from registry_sandbox.faults.fields import BadFault
from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.running import RegistrySandbox

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
Start = Callable[..., RegistrySandbox]


@pytest.fixture
def begin(registry_sandbox_factory: Start) -> Callable[[str], RemoteSandbox]:
    """Start a sandbox with a scenario, whose clock stands still and whose delays take no time."""

    async def sleep(seconds: float) -> None:
        del seconds

    frozen = {"clock": "2031-01-01T12:00:00Z", "clock_frozen": True, "random_seed": 1}
    return lambda name: registry_sandbox_factory(sleep=sleep, fault_file=name, **frozen)


def seen(sandbox: RemoteSandbox, token: str, times: int = 1) -> list[int | str]:
    """Read, and return the statuses, or the names of the exceptions."""
    statuses: list[int | str] = []
    for _ in range(times):
        url = f"{sandbox.base_url}/Appointment/booked-tomorrow"
        try:
            statuses.append(httpx.get(url, headers={"Authorization": f"Bearer {token}"}).status_code)
        except httpx.TransportError as error:
            statuses.append(type(error).__name__)
    return statuses


def test_a_brown_out_sheds_a_third_and_passes(begin: Callable[[str], RemoteSandbox]) -> None:
    """Before it and after it everything is well."""
    sandbox = begin("brown-out")
    token = sandbox.token()
    assert seen(sandbox, token, 5) == [200] * 5
    sandbox.clock.advance("50s")
    during = seen(sandbox, token, 100)
    assert 20 < during.count(503) < 50
    sandbox.clock.advance("90s")
    assert seen(sandbox, token, 5) == [200] * 5


def test_a_flapping_registry_goes_away_and_comes_back(begin: Callable[[str], RemoteSandbox]) -> None:
    """Three times."""
    sandbox = begin("flapping")
    token = sandbox.token()
    course: list[int | str] = []
    for _ in range(7):
        course += seen(sandbox, token)
        sandbox.clock.advance("10s")
    assert course == [200, "ReadError", 200, 502, 200, "ReadError", 200]


def test_a_slow_recovery_has_fewer_and_fewer_errors(begin: Callable[[str], RemoteSandbox]) -> None:
    """From all to none."""
    sandbox = begin("slow-recovery")
    token = sandbox.token()
    shares = []
    for by in ("10s", "30s", "20s", "20s", "40s"):
        sandbox.clock.advance(by)
        shares.append(seen(sandbox, token, 60).count(503))
    assert shares[0] == 60
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == 0


def test_a_deployment_drains_connections_and_brings_new_keys(begin: Callable[[str], RemoteSandbox]) -> None:
    """A client that comes through it fetches one new token."""
    sandbox = begin("deploy")
    token = sandbox.token()
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        url = f"{sandbox.base_url}/Appointment/booked-tomorrow"
        assert "Connection" not in client.get(url).headers
        sandbox.clock.advance("10s")
        drained = client.get(url)
        assert (drained.status_code, drained.headers["Connection"]) == (200, "close")
        assert sandbox.journal.exchanges()[-1]["response"]["headers"]["Connection"] == "close"
    sandbox.clock.advance("5s")
    assert seen(sandbox, token) == [503]
    assert httpx.post(sandbox.token_url).status_code == 503
    sandbox.clock.advance("10s")
    assert seen(sandbox, token, 3) == [200, 403, 403]
    assert seen(sandbox, sandbox.token(), 2) == [200, 200]


def test_a_drained_connection_is_closed_by_the_server(begin: Callable[[str], RemoteSandbox]) -> None:
    """Not only announced: whoever reads on finds its end."""
    sandbox = begin("deploy")
    sandbox.clock.advance("10s")
    address = httpx.URL(sandbox.base_url)
    with socket.create_connection((address.host, address.port or 80), timeout=10) as connection:
        request = f"GET /STU3/metadata HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n\r\n"
        connection.sendall(request.encode())
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert b"\r\nConnection: close\r\n" in received
    assert received.endswith(b"}")


@pytest.mark.parametrize("file", SCENARIOS, ids=[each.stem for each in SCENARIOS])
def test_each_scenario_is_a_file_of_ordinary_rules_that_the_page_tells_of(file: Path) -> None:
    """Read by its path as by its name, and with the conduct that is expected."""
    by_path, by_name = (dict(configured((), each, sentinels=False))["file"] for each in (file, Path(file.stem)))
    assert by_path == by_name
    assert len(by_path) == len(yaml.safe_load(file.read_text())["faults"])
    assert "# Expected of a client:" in file.read_text()
    assert f"| `{file.stem}` |" in (ROOT / "docs" / "faults.md").read_text()


def test_a_folder_of_the_same_name_hides_no_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many projects have a folder `deploy`; a file of that name is read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "flapping").write_text("- read:503")
    assert len(dict(configured((), Path("deploy"), sentinels=False))["file"]) > 1
    assert len(dict(configured((), Path("flapping"), sentinels=False))["file"]) == 1


@pytest.mark.parametrize("given", ["blackout", "nowhere/deploy"])
def test_a_name_that_is_none_names_those_that_there_are(given: str) -> None:
    """As a file that is not there does."""
    with pytest.raises(
        BadFault, match=f"{given}: No such file or directory; expected a file, or one of brown-out, dep"
    ):
        configured((), Path(given), sentinels=False)


def test_a_file_of_the_users_own_comes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a file called `deploy` means that."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy").write_text("[read:503]")
    ((_, _), (_, rules), *_) = configured((), Path("deploy"), sentinels=False)
    assert [each.interactions for each in rules] == [("read",)]
