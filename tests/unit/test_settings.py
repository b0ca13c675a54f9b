"""Settings: a flag beats the environment, which beats the file; what cannot be is refused by name."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry_sandbox.auth.tls_faults import TLS_FAULTS
from registry_sandbox.settings import BadSetting, Settings, combined, fields


def chosen(flags: dict[str, Any] | None = None, env: dict[str, str] | None = None, **file: Any) -> Settings:
    """Put settings together."""
    return combined(flags or {}, env or {}, file, "sandbox.yaml")


def test_a_flag_beats_the_environment_which_beats_the_file() -> None:
    """And all of them beat the default."""
    assert chosen().port == 8080
    assert chosen(port=1).port == 1
    assert chosen(env={"SANDBOX_PORT": "2"}, port=1).port == 2
    assert chosen({"port": "3"}, {"SANDBOX_PORT": "2"}, port=1).port == 3


def test_a_repeatable_setting_is_a_list_in_each_of_them() -> None:
    """Semicolons divide the values in the environment."""
    expected = (Path("a"), Path("b"))
    assert chosen({"profiles": ["a", "b"]}).profiles == expected
    assert chosen(env={"SANDBOX_PROFILES": "a;b"}).profiles == expected
    assert chosen(profiles=["a", "b"]).profiles == expected


@pytest.mark.parametrize(("written", "meant"), [(True, True), (False, False), ("yes", True), ("0", False)])
def test_a_switch_can_be_written_in_the_usual_ways(written: object, meant: bool) -> None:  # noqa: FBT001
    """YAML's true and false, and words."""
    assert chosen(quiet=written).quiet is meant


def test_what_yaml_reads_into_is_read_as_it_was_written() -> None:
    """`off` is no boolean here, and an instant is an instant."""
    assert chosen(auth=False).auth == "off"
    assert chosen(clock=datetime(2019, 1, 18, 9, tzinfo=UTC)).clock == datetime(2019, 1, 18, 9, tzinfo=UTC)
    assert combined({}, {}, {"max-body": 5}, "sandbox.yaml").max_body == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SANDBOX_PORT", "tcp://10.0.0.1:8080"),
        ("SANDBOX_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("SANDBOX_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("SANDBOX_SERVICE_HOST", "10.0.0.1"),
        ("SANDBOX_SERVICE_PORT_HTTP", "8080"),
        ("HOME", "/root"),
    ],
)
def test_what_kubernetes_sets_for_a_service_is_no_setting(name: str, value: str) -> None:
    """A pod beside a service called sandbox starts all the same."""
    assert chosen(env={name: value}) == Settings()


@pytest.mark.parametrize(
    ("env", "file", "named"),
    [
        ({"SANDBOX_PROT": "1"}, {}, "SANDBOX_PROT"),
        ({"SANDBOX_PORT": "x"}, {}, "SANDBOX_PORT"),
        ({"SANDBOX_PORT": "65536"}, {}, "65535"),
        ({}, {"prot": 1}, "sandbox.yaml: 'prot'"),
        ({}, {"port": [1]}, "sandbox.yaml: port"),
        ({}, {"auth": "none"}, "registry or spine"),
        ({}, {"clock": "yesterday"}, "2019-01-18T09:00:00Z"),
        ({}, {"clock": "9999-12-31T23:59:59Z"}, "from 1970 to 9989"),
        ({}, {"base-url": "http://x/STU3/"}, "slash"),
        ({}, {"base-url": "ftp://x"}, "http"),
        ({}, {"seed-data": "x", "no-seed-data": True}, "--no-seed-data"),
        ({}, {"tls-dir": "x"}, "--tls"),
        ({}, {"tls-fault": "expired"}, "--tls-fault expired needs --tls server or --tls mutual"),
        ({}, {"tls": "server", "tls-fault": "old"}, "expired or not-yet-valid or wrong-host"),
        ({}, {"jwks": "x"}, "--issuer"),
        ({}, {"jwks": "x", "issuer": "y", "signing-key": "z"}, "--signing-key"),
        ({}, {"token-leeway": -1}, "seconds"),
    ],
)
def test_what_cannot_be_is_refused_by_name(env: dict[str, str], file: dict[str, Any], named: str) -> None:
    """The message says where it was set, or what was expected."""
    with pytest.raises(BadSetting, match=r".") as refused:
        chosen({}, env, **file)
    assert named in str(refused.value)


def test_an_empty_variable_is_not_set() -> None:
    """Compose makes one of `${SANDBOX_PORT:-}`, whatever its name."""
    empty = {f"SANDBOX_{field.name.upper()}": "" for field in fields()}
    assert chosen(env=empty) == Settings()
    assert chosen(env={"SANDBOX_PORT": ""}, port=1).port == 1
    assert chosen(env={"SANDBOX_X": "", "SANDBOX_CONFIG": ""}) == Settings()


@pytest.mark.parametrize(
    ("env", "file", "meant"),
    [({"SANDBOX_PROT": "1"}, {}, "SANDBOX_PORT"), ({}, {"base_ulr": "x"}, "base-url"), ({}, {"falt": "x"}, "fault")],
)
def test_a_mistyped_setting_names_the_nearest(env: dict[str, str], file: dict[str, str], meant: str) -> None:
    """Where it is set by a variable or in a file, as for flags."""
    with pytest.raises(BadSetting, match=rf"is not a setting; did you mean {meant}\?"):
        chosen({}, env, **file)


@pytest.mark.parametrize(("sent", "host"), [("[::]", "::"), ("[::1]", "::1"), ("localhost", "localhost")])
def test_a_host_may_be_written_as_in_a_url(sent: str, host: str) -> None:
    """An address in brackets is that address."""
    assert chosen({"host": sent}).host == host


@pytest.mark.parametrize("sent", ["", "a b", "http://x", "[::1", "[localhost]"])
def test_what_is_no_host_is_refused(sent: str) -> None:
    """An empty one would be every address, and no URL."""
    with pytest.raises(BadSetting, match=r"--host: .* expected a host name or an address"):
        chosen({"host": sent})


def test_the_bad_certificates_to_choose_are_those_that_can_be_made() -> None:
    """The settings stand below the room that makes them."""
    chosen_from = next(each.metadata["choices"] for each in fields() if each.name == "tls_fault")
    assert chosen_from == tuple(TLS_FAULTS)


def test_every_setting_says_what_it_means() -> None:
    """The table and --help are made of it."""
    assert all(each.metadata["meaning"] for each in fields())
