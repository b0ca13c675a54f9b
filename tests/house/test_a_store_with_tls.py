"""Replicas whose store speaks TLS: they start where the certificate is good, and say what is wrong elsewhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry_sandbox.auth.certificates import AUTHORITY, UnusableCertificates, certificate, write_certificates
from registry_sandbox.replication.store import StoreAway
from registry_sandbox.settings import BadSetting, combined
from registry_sandbox.testing.running import RegistrySandbox
from tests.stores import Server, behind_tls, running_tls_server

PASSWORD = "s3 cret"
IN_URL = ":s3%20cret@"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `registry-sandbox certs` writes."""
    folder = tmp_path_factory.mktemp("certificates") / "certs"
    write_certificates(folder, [], datetime.now(UTC))
    return folder


@contextmanager
def tls_store(folder: Path, name: str = "server", *options: str) -> Iterator[int]:
    """Run a store with one of the certificates, and yield its port."""
    options = options or ("--tls-auth-clients", "no")
    with running_tls_server(certificate(folder, name), folder / AUTHORITY, *options) as port:
        yield port


def url_of(port: int, folder: Path, password: str = "", **parameters: str) -> str:
    """Return the URL of a store with TLS on this machine."""
    named = {"ssl_ca_certs": str(folder / AUTHORITY), **parameters}
    query = "&".join(f"{name}={value}" for name, value in named.items())
    return f"valkeys://{password}127.0.0.1:{port}/0?{query}"


def registers(url: str) -> bool:
    """Return whether two replicas with this store know what one of them has registered."""
    with RegistrySandbox(store=url) as one, RegistrySandbox(store=url) as other:
        logical_id = one.register()["id"]
        return bool(other.appointments[logical_id])


def refusal(url: str) -> str:
    """Start a replica that must not start, and return what it says: one line, and no password."""
    try:
        settings = combined({}, {"SANDBOX_STORE": url}, {}, "")
        with RegistrySandbox(store=settings.store):
            raise AssertionError(f"it started with {url}")
    except (BadSetting, StoreAway, UnusableCertificates) as refused:
        said = str(refused)
    assert "cret" not in said
    assert "\n" not in said
    return said


@pytest.mark.parametrize("password", ["", IN_URL], ids=["without a password", "with a password"])
def test_replicas_share_a_store_with_tls(certificates: Path, password: str) -> None:
    """The authority of its certificate is named in the URL."""
    with_password = ("--requirepass", PASSWORD) if password else ()
    with tls_store(certificates, "server", "--tls-auth-clients", "no", *with_password) as port:
        assert registers(url_of(port, certificates, password))


def test_replicas_share_a_store_behind_a_proxy_with_tls(certificates: Path, store: Server) -> None:
    """As hosted stores often are; this needs no server that was built with TLS."""
    with behind_tls(store.port, certificate(certificates, "server")) as relay:
        assert registers(url_of(relay.port, certificates))


def test_a_store_may_ask_for_a_certificate(certificates: Path) -> None:
    """The URL names it, and its key."""
    shown = certificate(certificates, "client")
    with tls_store(certificates, "server", "--tls-auth-clients", "yes") as port:
        assert registers(url_of(port, certificates, ssl_certfile=str(shown.chain), ssl_keyfile=str(shown.key)))
        said = refusal(url_of(port, certificates, IN_URL))
    assert "it refuses TLS with this sandbox" in said
    assert "CERTIFICATE_REQUIRED" in said
    assert "(ssl_certfile=FILE shows a certificate)" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "unknown-ca-server",
            "certificate is refused: self-signed certificate in certificate chain (ssl_ca_certs=FILE",
        ),
        ("wrong-host-server", "certificate is refused: IP address mismatch, certificate is not valid for '127.0.0.1'."),
        ("expired-server", "certificate is refused: certificate has expired"),
    ],
)
def test_a_store_with_a_bad_certificate_stops_the_start(
    certificates: Path, store: Server, name: str, said: str
) -> None:
    """The line has the store, and what is wrong with its certificate."""
    with behind_tls(store.port, certificate(certificates, name)) as relay:
        line = refusal(url_of(relay.port, certificates, IN_URL))
    assert line.startswith(f"valkeys://127.0.0.1:{relay.port}/0: its ")
    assert said in line


def test_a_store_without_tls_is_told_from_one_that_does_not_answer(certificates: Path, store: Server) -> None:
    """The line says how the URL should begin."""
    said = refusal(url_of(store.port, certificates, IN_URL))
    assert said.startswith(f"valkeys://127.0.0.1:{store.port}/0: ")
    assert said.endswith("; expected valkey://")


def test_a_store_with_tls_is_told_from_one_that_breaks_off(certificates: Path, store: Server) -> None:
    """The line says how the URL should begin."""
    with behind_tls(store.port, certificate(certificates, "server")) as relay:
        said = refusal(f"redis://{IN_URL}127.0.0.1:{relay.port}/0")
    assert said.startswith(f"redis://127.0.0.1:{relay.port}/0: ")
    assert said.endswith("; expected rediss://")


def test_a_wrong_password_stops_the_start(certificates: Path) -> None:
    """The line is what the store says."""
    with tls_store(certificates, "server", "--tls-auth-clients", "no", "--requirepass", PASSWORD) as port:
        said = refusal(url_of(port, certificates, ":other-secret@"))
    assert "username-password" in said


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"ssl_ca_certs": "nowhere.pem"}, "ssl_ca_certs=nowhere.pem cannot be used: No such file or directory"),
        ({"ssl_ca_certs": __file__}, f"ssl_ca_certs={__file__} cannot be used: "),
        ({"ssl_certfile": "nowhere.pem"}, "ssl_certfile=nowhere.pem cannot be used: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(certificates: Path, parameters: dict[str, str], said: str) -> None:
    """Before the store is called."""
    line = refusal(url_of(1, certificates, IN_URL, **parameters))
    assert line.startswith(f"the store valkeys://127.0.0.1:1/0: {said}")


def test_a_key_of_another_certificate_is_named(certificates: Path) -> None:
    """Both files are."""
    one, other = certificate(certificates, "client"), certificate(certificates, "server")
    line = refusal(url_of(1, certificates, ssl_certfile=str(one.chain), ssl_keyfile=str(other.key)))
    assert f"ssl_certfile={one.chain} and ssl_keyfile={other.key} cannot be used: " in line


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("valkeys://:cret@h.test/0?ssl_ca_cert=ca.pem", "ssl_keyfile, not ssl_ca_cert=ca.pem"),
        ("valkeys://:cret@h.test/0?ssl_ca_certs=", "ssl_keyfile, not ssl_ca_certs="),
        ("valkeys://:cret@h.test/0?ssl_keyfile=key.pem", "and ssl_certfile beside ssl_keyfile"),
        ("valkey://:cret@h.test/0?ssl_ca_certs=ca.pem", "(only valkeys:// has parameters)"),
        ("valkeys://h:12?cret=se@h.test/0", "the names are ssl_ca_certs, ssl_certfile, ssl_keyfile"),
        ("valkeys://h.test:65536/0", "with TLS valkeys://HOST..."),
        ("valkeys://:cr?et@h.test/0", "with TLS valkeys://HOST..."),
    ],
)
def test_a_url_of_another_form_is_refused(url: str, said: str) -> None:
    """What is shown of it is never what may be a password."""
    assert refusal(url).endswith(said)


def test_the_command_says_it_in_one_line_and_ends_with_2(certificates: Path, store: Server) -> None:
    """At once: nothing would change by waiting for the store."""
    with behind_tls(store.port, certificate(certificates, "expired-server")) as relay:
        command = [sys.executable, "-m", "registry_sandbox", "serve", "--port", "0"]
        environment = {**os.environ, "SANDBOX_STORE": url_of(relay.port, certificates, IN_URL)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    said = (
        f"registry-sandbox: valkeys://127.0.0.1:{relay.port}/0: its certificate is refused: certificate has expired\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
