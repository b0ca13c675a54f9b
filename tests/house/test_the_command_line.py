"""The command line as an operator meets it: ready files, signals, exit statuses, one clear line for what is wrong."""

import gc
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from registry_sandbox.cli.command import COMMANDS, main
from registry_sandbox.settings import fields, flag_of
from tests.house.command import PATIENCE_S, Command


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end by a Python that is started: it finds all that it imports."""
    command = [sys.executable, "-m", "registry_sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own command


def test_it_is_ready_when_the_ready_file_is_there(command: Command, tmp_path: Path) -> None:
    """Line 1 is the FHIR base, line 2 the control root; both answer at once."""
    with command.serving(tmp_path) as (_, base, control):
        assert httpx.get(f"{base}/metadata").status_code == 200
        assert httpx.get(f"{control}/health").json()["status"] == "ready"


def test_an_old_ready_file_is_removed_before_anything_else(command: Command, tmp_path: Path) -> None:
    """Whoever waits for it meets the new server, never the address of the one before; at the end it is gone."""
    ready = tmp_path / "ready"
    ready.write_text("http://127.0.0.1:1/STU3\nhttp://127.0.0.1:1/_sandbox\n")
    done = command.ran("--port", "0", "--ready-file", str(ready), "--seed-data", "/nowhere")
    assert (done.returncode, ready.exists()) == (2, False)
    with command.serving(tmp_path, "--quiet") as (process, base, _):
        assert httpx.get(f"{base}/metadata").status_code == 200
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
    assert not ready.exists()


def test_every_address_is_of_both_ip_versions(command: Command, tmp_path: Path) -> None:
    """`--host ::` is reached by IPv4 and IPv6, on the one port that the ready file names."""
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with command.serving(tmp_path, "--host", "::", "--quiet") as (_, base, control):
        port = httpx.URL(base).port
        assert control == f"http://[::1]:{port}/_sandbox"
        for host in ("127.0.0.1", "[::1]"):
            assert httpx.get(f"http://{host}:{port}/STU3/metadata").status_code == 200


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("nowhere.invalid", "--host nowhere.invalid is not a known host name or address"),
        ("192.0.2.1", "--host 192.0.2.1 is not an address of this machine"),
    ],
)
def test_a_host_that_cannot_be_listened_on_is_named(command: Command, host: str, said: str) -> None:
    """And not taken for a port in use."""
    done = command.ran("--port", "0", "--host", host)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr
    assert "--port 0" not in done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("port: 0\nauth: [off\nquiet: true\n", "line 3: not YAML"),
        ("quiet: true\n\nport: 70000\n", "line 3: port: 70000 cannot be used"),
        ("quiet: true\ncontrol-port:\n  a: 1\n", "line 3: control-port: {'a': 1} cannot be used"),
        ("port: 0\nfault:\n- read:500\n- [a]\n", "line 2: fault: ['a'] cannot be used"),
        ("port: 0\nprot: 1\n", "line 2: 'prot' is not a setting; did you mean port?"),
        ("port: 0\nquiet: true\nport: 1\n", "line 3: the key 'port' is repeated"),
        ("port: 0\nclock: 2019-99-99\n", "line 2: not YAML: month must be in 1..12"),
        ("# nothing but\n- a list\n", "line 2: expected one mapping"),
        ("port: 0\n---\nport: 1\n", "line 3: expected one mapping"),
        ("port: 0\nhost: !!python/name:os.system x\n", "line 2: not YAML"),
        ("port: 0\nhost: \x07\n", "line 2: not YAML"),
    ],
)
def test_an_error_in_the_configuration_names_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    """The file and the line, in one line."""
    (tmp_path / "sandbox.yaml").write_text(content)
    assert main(["serve", "--config", str(tmp_path / "sandbox.yaml")]) == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert f"sandbox.yaml, {said}" in errors


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("faults:\n- read:500\n- cancel:nonsense\n", 'line 3: faults[1] "cancel:nonsense"'),
        ("- read:500\n- cancel:nonsense\n", 'line 2: [1] "cancel:nonsense"'),
        ("faults:\n- match: {interaction: read}\n  then:\n    stats: 500\n", 'line 4: faults[0].then: "stats"'),
        ("faults:\n- then:\n    status: 500\n  when:\n    times: no\n", "line 5: faults[0].when.times"),
        (
            "faults:\n- id: a\n  then: {status: 500}\n- id: a\n  then: {status: 501}\n",
            "line 4: faults[1].id: two rules",
        ),
        ("faults: [\n", "line 1: not YAML"),
        ("fault:\n- read:500\n", "line 1: expected a list of rules"),
        ("faults:\n- then: {status: 500, status: 501}\n", "line 2: the key 'status' is repeated"),
        ("x: &a\n- *a\n", "line 1: expected a list of rules"),
    ],
)
def test_an_error_in_a_fault_file_names_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    """Of the rule, or of the key in it."""
    (tmp_path / "faults.yaml").write_text(content)
    assert main(["serve", "--port", "0", "--fault-file", str(tmp_path / "faults.yaml")]) == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert f"faults.yaml, {said}" in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(command: Command, tmp_path: Path, number: signal.Signals) -> None:
    """Exit status 0, with the access lines written and no traceback."""
    with command.serving(tmp_path) as (process, base, _):
        httpx.get(f"{base}/metadata")
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "GET /STU3/metadata 200" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--auth", "off"),
        ("--auth", "spine"),
        ("--control-token", "open"),
        ("--control-port", "0"),
        ("--tls", "server"),
        ("--tls", "mutual"),
        ("--tls", "server", "--tls-fault", "expired"),
        ("--tls", "mutual", "--tls-fault", "wrong-host"),
        ("--base-url", "https://registry.example.test/nhs/STU3"),
    ],
    ids=" ".join,
)
def test_the_line_of_the_startup_message_cancels_when_it_is_pasted(
    command: Command, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Once it is a 200 with version 2, pasted again a 409; no secret stands in it."""
    with command.serving(tmp_path, "--log-format", "json", *options) as (process, _, _):
        line = next(line for line in process.stdout if line.startswith("curl "))
        first, again = (subprocess.check_output(["bash", "-c", line], text=True) for _ in range(2))  # noqa: S603, S607
    assert first.startswith("HTTP/1.1 200 OK")
    assert "/Appointment/b7e99463-00a1-45fc-98aa-02301c103aba/_history/2\n" in first
    assert again.startswith("HTTP/1.1 409 Conflict")
    assert "open" not in line
    assert ("Bearer" in line) == ("off" not in options)
    assert len(line) < 800 or "--control-token" in options


def test_the_startup_message_tells_of_a_bad_certificate(command: Command, tmp_path: Path) -> None:
    """First among the faults in force."""
    with command.serving(tmp_path, "--tls", "server", "--tls-fault", "expired") as (process, _, _):
        line = next(line for line in process.stdout if "Faults" in line)
    assert line.split(maxsplit=1) == ["Faults", "a bad server certificate (expired): clients must refuse it\n"]


def test_quiet_leaves_the_startup_message_out(command: Command, tmp_path: Path) -> None:
    """Nothing is printed."""
    with command.serving(tmp_path, "--quiet") as (process, base, _):
        httpx.get(f"{base}/metadata")
        process.terminate()
        printed, _ = process.communicate(timeout=PATIENCE_S)
    assert printed == ""


def test_a_token_and_a_health_check_ask_the_running_server(command: Command, tmp_path: Path) -> None:
    """The token opens the registry it came from."""
    with command.serving(tmp_path) as (_, base, _):
        token = ran("token", "--url", base).stdout.strip()
        bearer = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{base}/Appointment/booked-tomorrow", headers=bearer).status_code == 200
        expired = ran("token", "--url", base, "--expires-in", "-60").stdout.strip()
        refused = httpx.get(f"{base}/Appointment/booked-tomorrow", headers={"Authorization": f"Bearer {expired}"})
        assert refused.status_code == 403
        assert ran("health", "--url", base).returncode == 0
    assert ran("health", "--url", base).returncode == 1


def test_a_token_can_be_signed_without_a_server(command: Command, tmp_path: Path) -> None:
    """With the key that the server is given too."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = tmp_path / "key.pem"
    made = rsa.generate_private_key(65537, 2048)
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key.write_bytes(made.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    with command.serving(tmp_path, "--signing-key", str(key)) as (_, base, _):
        token = command.ran("token", "--signing-key", str(key), "--audience", base).stdout.strip()
        bearer = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{base}/Appointment/booked-tomorrow", headers=bearer).status_code == 200


def test_a_port_in_use_is_named(command: Command) -> None:
    """Exit status 2, one line, nothing half-started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command.ran("--port", str(port))
    assert done.returncode == 2
    assert done.stderr.startswith(f"registry-sandbox: cannot listen on 127.0.0.1:{port}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["--port", "x"], {}, "--port"),
        ([], {"SANDBOX_PROT": "1"}, "SANDBOX_PROT"),
        (["--config", "/nowhere.yaml"], {}, "/nowhere.yaml"),
        (["--seed-data", "/nowhere"], {}, "/nowhere"),
        (["--profiles", "/nowhere"], {}, "/nowhere"),
        (["--signing-key", "/nowhere"], {}, "/nowhere"),
        (["--jwks", "/nowhere", "--issuer", "https://me.example.test"], {}, "/nowhere"),
        (["--tls", "server", "--tls-dir", "/nowhere"], {}, "/nowhere"),
        (["--quiet", "--ready-file", "/nowhere/ready"], {}, "/nowhere/ready"),
        (["--fault", "cancel:500@1"], {}, "@1 is ambiguous"),
        ([], {"SANDBOX_FAULT": "*:delay=1s;cancl:500"}, '--fault[1] "cancl:500".match.interaction'),
        (["--fault-file", "/nowhere.yaml"], {}, "/nowhere.yaml"),
        (["--fault", '{"id": "sentinel-read-500", "then": {"status": 500}}'], {}, "sentinel-read-500"),
    ],
)
def test_what_cannot_be_used_stops_the_start(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    environment: dict[str, str],
    named: str,
) -> None:
    """Exit status 2 and one clear line that names it."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(arguments if "--port" in arguments else ["--port", "0", *arguments]) == 2
    errors = capfd.readouterr().err
    assert named in errors
    assert errors.count("\n") == 1
    assert "Traceback" not in errors


@pytest.mark.parametrize("command", [*COMMANDS, ""])
def test_every_command_has_its_help(command: str) -> None:
    """And ends with 0."""
    done = ran(*([command] if command else []), "--help")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_help_lists_the_commands_and_the_flags_of_the_server(command: Command) -> None:
    """Without a command the sandbox is served, so its flags are what is needed."""
    shown = command.ran("--help").stdout
    assert [name for name in COMMANDS if f"\n  {name} " not in shown] == []
    assert [flag_of(field.name) for field in fields() if flag_of(field.name) not in shown.split()] == []


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["--prot", "1"], "--port"),
        (["valdate", "x"], "validate"),
        (["serve", "--falt=x"], "--fault"),
        (["token", "--clam", "a=1"], "--claim"),
        (["clock", "advnce", "2d"], "advance"),
        (["validate", "--format", "jsn", "x"], "json"),
        (["--port"], ""),
    ],
)
def test_a_wrong_word_is_told_in_one_line(command: Command, arguments: list[str], meant: str) -> None:
    """With what may have been meant."""
    done = command.ran(*arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"did you mean {meant}?" in done.stderr if meant else "expected one argument" in done.stderr


def test_a_value_with_a_minus_is_told_how_to_be_written(command: Command) -> None:
    """It looks like a flag."""
    assert "two dashes before it: `-- -5m`" in command.ran("clock", "advance", "-5m").stderr


def test_the_access_line_tells_what_the_client_got(command: Command, tmp_path: Path) -> None:
    """Of an answer that a fault kept from the client there is no status, and the fault is named."""
    with command.serving(tmp_path, "--auth", "off", "--fault", "read:reset@#1", "--fault", "read:503@#2") as (
        process,
        base,
        _,
    ):
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{base}/Appointment/booked-tomorrow")
        httpx.get(f"{base}/Appointment/booked-tomorrow")
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE_S)
    first, second = [line for line in errors.splitlines() if "booked-tomorrow" in line]
    assert first.endswith("GET /STU3/Appointment/booked-tomorrow - 0 faults: flag-1")
    assert "GET /STU3/Appointment/booked-tomorrow 503 " in second
    assert second.endswith("faults: flag-2")


def test_two_runs_of_one_seed_are_the_same_to_the_byte(command: Command, tmp_path: Path) -> None:
    """--random-seed and a frozen clock leave nothing to chance."""
    told = []
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        options = ("--random-seed", "7", "--clock", "2019-01-18T09:00:00Z", "--clock-frozen", "--auth", "off")
        with command.serving(tmp_path / run, *options, "--base-url", "https://registry.example.test/STU3") as (
            _,
            base,
            _,
        ):
            body = httpx.get(f"{base}/Appointment/b7e99463-00a1-45fc-98aa-02301c103aba").json()
            del body["id"]
            answers = [
                httpx.post(f"{base}/Appointment", json=body),
                httpx.get(f"{base}/Appointment?Patient=https://fhir.nhs.uk/Id/nhs-number|1234554321"),
            ]
        told.append([(each.status_code, each.headers.raw, each.content) for each in answers])
    assert told[0] == told[1]


def test_the_settings_and_the_version_are_printed(command: Command) -> None:
    """Without starting anything."""
    assert "| `--port VALUE` | `SANDBOX_PORT` | 8080 |" in command.ran("settings").stdout
    assert command.ran("--version").stdout.startswith("registry-sandbox ")


GOOD = Path(__file__).parents[2] / "seed_data" / "pages" / "search_sample_5_test.xml"


def test_files_are_judged_like_a_compiler_does(command: Command, tmp_path: Path) -> None:
    """file:line: severity: message, and exit status 1 where there is an error."""
    bad = tmp_path / "bad.xml"
    bad.write_text(GOOD.read_text().replace('<status value="booked"/>', '<status value="proposed"/>', 1))
    assert command.ran("validate", str(GOOD)).returncode == 0
    done = command.ran("validate", str(GOOD), str(bad))
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, f"{GOOD}: valid")
    assert f'{bad}:12: error: Appointment.status is "proposed"' in done.stdout


def test_what_is_wrong_in_json_is_told_with_line_and_column(command: Command, tmp_path: Path) -> None:
    """file:line:column: severity: message, of what cannot be read; and a schema's location is told as information."""
    bad = tmp_path / "bad.json"
    bad.write_text('{"resourceType": "Appointment",\n  "statu": "booked"}')
    located = tmp_path / "located.xml"
    instance = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir x.xsd"'
    located.write_text(GOOD.read_text().replace("<Appointment", f"<Appointment {instance}", 1))
    lines = command.ran("validate", str(bad), str(located)).stdout.splitlines()
    assert lines[0].startswith(f"{bad}:2:3: error: Appointment.statu is no element that FHIR STU3 knows here")
    assert lines[-2].startswith(f"{located}:")
    assert "information: The root element names a schema" in lines[-2]
    assert lines[-1] == "2 files, 1 invalid, 1 error"


def test_folders_and_standard_input_are_judged_too(command: Command, tmp_path: Path) -> None:
    """A folder gives its XML and JSON files; - is standard input, in either format."""
    (tmp_path / "a.xml").write_bytes(GOOD.read_bytes())
    (tmp_path / "b.json").write_text("{")
    done = command.ran("validate", "--format", "json", str(tmp_path), "-", given=GOOD.read_text())
    assert done.returncode == 1
    assert [each["valid"] for each in json.loads(done.stdout)] == [True, False, True]


@pytest.mark.parametrize("arguments", [("/nowhere.xml",), (str(GOOD), "--profiles", "/nowhere")])
def test_what_cannot_be_judged_is_named(command: Command, arguments: tuple[str, ...]) -> None:
    """Exit status 2, as for every bad setting."""
    done = command.ran("validate", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "/nowhere" in done.stderr


def test_a_start_that_fails_lets_the_garbage_collector_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    """It is off during the start; the process may be somebody else's."""
    assert main(["--seed-data", "/nowhere/at/all.yaml"]) == 2
    assert gc.isenabled()
    assert "/nowhere/at/all.yaml" in capsys.readouterr().err
